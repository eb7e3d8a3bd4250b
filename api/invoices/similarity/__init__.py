"""Near-duplicates: the same claim under another number, amount or date, found by keyed tokens only."""
