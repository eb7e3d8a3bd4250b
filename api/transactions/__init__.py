"""Writes: intents, nonces, broadcasts, receipts."""
