"""The daemon that a logistics firm runs: from its own papers to facts on chain."""
