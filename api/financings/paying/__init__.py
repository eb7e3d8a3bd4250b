"""What pays a financing off, and what has been paid on it."""
