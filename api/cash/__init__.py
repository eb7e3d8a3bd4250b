"""Cash: tokenised deposits, who holds how much, and their issue against bank payments."""
