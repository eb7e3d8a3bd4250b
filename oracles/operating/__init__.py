"""What a node's operator works with: its health, its state in words, its quarantine, its copies, its proofs."""
