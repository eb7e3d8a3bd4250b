"""The daemon that a logistics firm runs: its own papers in, signed facts out."""
