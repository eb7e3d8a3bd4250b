"""Pools: the lenders' money, its books and the price of a share."""
