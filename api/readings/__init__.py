"""Readings: prices, rates and conditions of goods, who has signed them, and the grades that come of them."""
