"""Pledges: goods in a lender's custody for a financing, what they bear, and how they come free."""
