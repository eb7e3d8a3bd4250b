"""Documents: encrypted, filed by content, readable by the parties to the deal only."""
