"""Orders: what two sides have agreed to, the money in escrow, and how facts earn it."""
