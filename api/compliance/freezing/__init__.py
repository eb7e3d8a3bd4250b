"""Freezing: an organisation's accounts stop on chain, by the registrar, with the reason on record."""
