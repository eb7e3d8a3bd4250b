"""Financings: principal backed by a borrowing base; what is owed, drawn and repaid."""
