"""The cases; each checks that engines agree, measures them in turns and returns a `Section`."""
