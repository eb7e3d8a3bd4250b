"""Permissioned networks of members who do not trust each other: terms, cards, agreed files, and the ceremony by which
they are changed."""
