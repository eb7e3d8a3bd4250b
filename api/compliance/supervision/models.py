"""Supervision keeps nothing of its own: the viewing key is the documents', what it reads is in the audit trail."""

from api.documents.models import ViewingKey

__all__ = ["ViewingKey"]
