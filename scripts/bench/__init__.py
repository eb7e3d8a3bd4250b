"""Figures, measured and reported, never asserted: each beside what it is measured against, in one run."""
