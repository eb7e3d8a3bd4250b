"""The official verdict on an invoice: EN 16931 business rules, syntax rules, and the profile's own."""

from standards.invoices.rules.check import check, is_valid
from standards.invoices.rules.violation import FATAL, WARNING, Violation

__all__ = ["FATAL", "WARNING", "Violation", "check", "is_valid"]
