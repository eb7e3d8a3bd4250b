"""Prices of shares as TrancheVault computes them: a million virtual shares on one virtual minor unit."""

from dataclasses import dataclass

VIRTUAL_SHARES = 10**6
VIRTUAL_ASSETS = 1
_PLACES = 12


@dataclass(frozen=True)
class Price:
    """Minor units of cash per base unit of share, exact."""

    numerator: int
    denominator: int

    def value_down(self, shares: int) -> int:
        """What the shares are worth in minor units, rounded down."""
        return shares * self.numerator // self.denominator

    def per_million_down(self) -> str:
        return self._text(self.numerator * 10 ** (6 + _PLACES) // self.denominator)

    def per_million_up(self) -> str:
        return self._text(-(-self.numerator * 10 ** (6 + _PLACES) // self.denominator))

    @staticmethod
    def _text(scaled: int) -> str:
        whole, part = divmod(scaled, 10**_PLACES)
        return f"{whole}.{part:0{_PLACES}d}"


def price(assets: int, shares: int) -> Price:
    """The price at which `assets` (gross to buy, net to sell) stand against all shares."""
    return Price(assets + VIRTUAL_ASSETS, shares + VIRTUAL_SHARES)
