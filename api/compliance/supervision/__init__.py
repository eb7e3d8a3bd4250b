"""Supervision: a supervisor's viewing key, exports, and the ledger replayed from the chain alone."""
