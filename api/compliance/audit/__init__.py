"""The audit trail: who did what, when, with which answer; append-only and chained by hashes."""
