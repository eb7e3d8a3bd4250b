"""How a participant is named: scheme and value in the one spelling that invoices are compared in."""

from collections.abc import Iterable

from api.participants.schemas import IdentifierView
from standards.invoices.identity import normalised_identifier, normalised_vat

LEI_SCHEME = "0199"
VAT_SCHEME = "VAT"


def normalised(scheme: str, value: str) -> tuple[str, str]:
    """The pair as it is stored and looked up."""
    scheme = scheme.strip().upper()
    return scheme, normalised_vat(value) if scheme == VAT_SCHEME else normalised_identifier(value)


def all_names(lei: str, identifiers: Iterable[IdentifierView]) -> list[tuple[str, str]]:
    """The LEI itself under its scheme, then what was given, each once and in order; signs alone name nobody."""
    given = (normalised(identifier.scheme, identifier.value) for identifier in identifiers)
    named = (pair for pair in given if any(sign.isalnum() for sign in pair[1]))
    return list(dict.fromkeys([normalised(LEI_SCHEME, lei), *named]))
