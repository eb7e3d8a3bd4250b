"""Receivables: the life of an invoice on chain, from registration to settlement."""
