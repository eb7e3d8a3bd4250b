"""What a price publisher's own systems hand to its node: a list of prices of goods and of exchange rates, in JSON."""

from standards.prices.price_list import PriceListInvalid, Quote, parse_price_list

__all__ = ["PriceListInvalid", "Quote", "parse_price_list"]
