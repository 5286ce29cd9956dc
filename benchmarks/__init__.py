"""Benchmarks: circles beside its peers, on the same streets, in one run.

Nothing here is part of the package or of its tests. Every engine, circles too, works in a process
of its own (see `benchmarks.worker`), so that repetitions can take turns and memory can be told
apart.
"""
