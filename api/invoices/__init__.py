"""Invoices: from a document to a registered receivable, once."""
