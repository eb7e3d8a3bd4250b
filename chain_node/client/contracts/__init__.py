"""One typed client per contract."""
