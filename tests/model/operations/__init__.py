"""What parties try in a run, one function each; each attempt carries the refusals that the model expects."""
