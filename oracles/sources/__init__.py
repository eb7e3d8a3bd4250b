"""Where papers come from: one client per outside world."""
