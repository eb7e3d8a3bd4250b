"""Release orders: goods that are to leave a warehouse, and what has become of that."""
