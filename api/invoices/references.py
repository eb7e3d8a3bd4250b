"""The document numbers by which oracle nodes find the goods of an invoice."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.errors import Conflict, Malformed, of_chain
from chain_node.client import Chain
from chain_node.errors import ChainError
from chain_node.references import NetworkKey, ReferenceInvalid, reference
from standards.invoices import Invoice

MOST_REFERENCES = 32


@dataclass(frozen=True)
class Linked:
    """A reference in its keyed form; not free where it already leads to the goods of another invoice."""

    kind: str
    value: str
    keyed: bytes
    is_free: bool

    def as_json(self) -> dict[str, object]:
        return {"kind": self.kind, "value": self.value, "linked": self.is_free}


def parse(given: list[str]) -> list[tuple[str, str]]:
    """`kind:value` texts as pairs; Malformed where one is not of that form."""
    if len(given) > MOST_REFERENCES:
        raise Malformed("reference-malformed", f"At most {MOST_REFERENCES} references can be given.")
    pairs = []
    for text in given:
        kind, colon, value = text.partition(":")
        if not colon or not value.strip():
            detail = f"The reference {text[:80]!r} is not of the form kind:value, e.g. container:MSKU1234565."
            raise Malformed("reference-malformed", detail)
        pairs.append((kind.strip(), value.strip()))
    return pairs


def link(chain: Chain, key: NetworkKey, subject: bytes, invoice: Invoice, given: list[tuple[str, str]]) -> list[Linked]:
    """The references of an invoice and those given besides. One of the paper's own that means other goods already (an
    order with two invoices) is left out; one that was given and does is refused with Conflict."""
    linked: dict[bytes, Linked] = {}
    for kind, value, is_given in _all(invoice, given):
        keyed = _keyed(key, kind, value)
        if keyed in linked:
            continue
        is_free = _is_free(chain, keyed, subject)
        if is_given and not is_free:
            detail = f"The {kind} {value} already leads to the goods of another invoice."
            raise Conflict("reference-taken", detail, kind=kind, value=value)
        linked[keyed] = Linked(kind, value, keyed, is_free)
    return list(linked.values())


def _all(invoice: Invoice, given: list[tuple[str, str]]) -> Iterator[tuple[str, str, bool]]:
    yield from ((kind, value, True) for kind, value in given)
    yield "invoice", invoice.number, False
    if invoice.order_reference:
        yield "order", invoice.order_reference, False
    if invoice.despatch_reference:
        yield "despatch_advice", invoice.despatch_reference, False


def _keyed(key: NetworkKey, kind: str, value: str) -> bytes:
    try:
        return reference(key, kind, value)
    except ReferenceInvalid as error:
        raise Malformed("reference-malformed", f"A reference cannot be used: {error}.") from error


def _is_free(chain: Chain, keyed: bytes, subject: bytes) -> bool:
    try:
        return chain.milestones.subject_of(keyed) in (bytes(32), subject)
    except ChainError as error:
        raise of_chain(error) from error
