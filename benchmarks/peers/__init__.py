"""One small module a peer; each runs in the benchmark's own environment, without circles."""
