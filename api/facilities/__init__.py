"""Facilities: the lines that suppliers draw on, and their ladders."""
