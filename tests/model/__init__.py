"""The contracts' books worked out a second time: from the events of a run alone, with exact fractions, and with
formulas taken from what the interfaces promise."""
