"""What a pool's lenders look at: statements, whose risk their money is, and when it comes back."""
