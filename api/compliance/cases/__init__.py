"""Cases: what a person of compliance has to look at, and what became of it."""
