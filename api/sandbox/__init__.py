"""Simulated witnesses, for networks that are marked as sandboxes: a developer sees cash in seconds."""
