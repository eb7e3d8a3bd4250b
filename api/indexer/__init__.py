"""Reads: the chain's events as rows, block by block. See README.md."""

from api.indexer.recording import record
from api.indexer.registry import handles

__all__ = ["handles", "record"]
