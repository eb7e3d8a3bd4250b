"""Margin calls: goods no longer bear what is owed; they are mended in cash or goods, or sold."""
