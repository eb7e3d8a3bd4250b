"""Purchase orders: Peppol BIS Ordering 3, UBL 2.1, read into one small model."""

from standards.orders.model import Order, OrderLine, PricedLine
from standards.orders.parse import OrderUnreadable, parse_order

__all__ = ["Order", "OrderLine", "OrderUnreadable", "PricedLine", "parse_order"]
