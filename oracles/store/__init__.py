"""What a node must not forget, in one SQLite file. Every step is on disk before the next one begins."""
