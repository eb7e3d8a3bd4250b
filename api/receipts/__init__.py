"""Warehouse receipts: lots of goods in warehouses, who owns them, and how they came in."""
