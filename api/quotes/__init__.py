"""Binding quotes: what a financing would pay out, what it would cost, and what of that may still move."""
