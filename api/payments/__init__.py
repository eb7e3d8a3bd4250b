"""Money that participants say they will bring in by bank, each payment with a reference of its own."""
