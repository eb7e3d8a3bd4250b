"""Participants: organisations by LEI, their accounts and the identifiers that invoices name them by."""
