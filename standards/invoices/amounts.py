"""Amounts that an invoice states in another currency than its own (BT-5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

# UBL has further amounts that belong to goods and customs, and may well be in another currency.
UBL_AMOUNTS: Final = frozenset(
    {
        "AllowanceTotalAmount",
        "Amount",
        "BaseAmount",
        "ChargeTotalAmount",
        "LineExtensionAmount",
        "PayableAmount",
        "PayableRoundingAmount",
        "PrepaidAmount",
        "PriceAmount",
        "TaxAmount",
        "TaxExclusiveAmount",
        "TaxInclusiveAmount",
        "TaxableAmount",
    }
)
CII_SETTLEMENT: Final = "{*}SupplyChainTradeTransaction/{*}ApplicableHeaderTradeSettlement/"


def foreign_amounts(root: etree._Element) -> Iterator[etree._Element]:
    """The amounts whose currencyID differs from BT-5, save the VAT total in accounting currency (BT-111).

    An amount without the attribute is in the invoice's currency. Nothing where the invoice states no currency.
    """
    ubl_currency = root.findtext("{*}DocumentCurrencyCode", "").strip()
    prefix = "" if ubl_currency else CII_SETTLEMENT
    currency = ubl_currency or root.findtext(f"{prefix}{{*}}InvoiceCurrencyCode", "").strip()
    accounting = root.findtext(f"{prefix}{{*}}TaxCurrencyCode", "").strip()
    for element in root.iter("{*}*") if currency else ():
        stated = element.get("currencyID")
        if stated is None or stated == currency or not _is_of_the_invoice(element, is_ubl=bool(ubl_currency)):
            continue
        if stated != accounting or not _is_vat_total(element):
            yield element


def amount_name(element: etree._Element) -> str:
    """The amount's name in its syntax, without the namespace."""
    return etree.QName(element).localname


def _is_of_the_invoice(element: etree._Element, is_ubl: bool) -> bool:
    name = amount_name(element)
    return name in UBL_AMOUNTS if is_ubl else name.endswith("Amount")


def _is_vat_total(element: etree._Element) -> bool:
    """A VAT total that no breakdown stands under: only such a one may be in accounting currency."""
    if amount_name(element) == "TaxTotalAmount":
        return True
    above = element.getparent()
    return above is not None and amount_name(above) == "TaxTotal" and above.find("{*}TaxSubtotal") is None
