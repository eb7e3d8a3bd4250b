"""The document numbers by which oracle nodes find the goods of an invoice."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.errors import Conflict, of_chain
from api.network_key import keyed_reference
from chain_node.client import Chain
from chain_node.errors import ChainError
from chain_node.references import NetworkKey
from standards.invoices import Invoice


@dataclass(frozen=True)
class Linked:
    """A reference in its keyed form; not free where it already leads to the goods of another invoice."""

    kind: str
    value: str
    keyed: bytes
    is_free: bool

    def as_json(self) -> dict[str, object]:
        return {"kind": self.kind, "value": self.value, "linked": self.is_free}


def link(chain: Chain, key: NetworkKey, subject: bytes, invoice: Invoice, given: list[tuple[str, str]]) -> list[Linked]:
    """The references of an invoice and those given besides."""
    return link_all(chain, key, subject, given, list(_own(invoice)))


def link_all(
    chain: Chain, key: NetworkKey, subject: bytes, given: list[tuple[str, str]], own: list[tuple[str, str]]
) -> list[Linked]:
    """The references of a consignment. One of the paper's own that means other goods already (an order with two
    invoices) is left out; one that was given and does is refused with Conflict."""
    linked: dict[bytes, Linked] = {}
    for kind, value, is_given in (*((*pair, True) for pair in given), *((*pair, False) for pair in own)):
        keyed = keyed_reference(key, kind, value)
        if keyed in linked:
            continue
        is_free = _is_free(chain, keyed, subject)
        if is_given and not is_free:
            detail = f"The {kind} {value} already leads to other goods."
            raise Conflict("reference-taken", detail, kind=kind, value=value)
        linked[keyed] = Linked(kind, value, keyed, is_free)
    return list(linked.values())


def _own(invoice: Invoice) -> Iterator[tuple[str, str]]:
    yield "invoice", invoice.number
    if invoice.order_reference:
        yield "order", invoice.order_reference
    if invoice.despatch_reference:
        yield "despatch_advice", invoice.despatch_reference


def _is_free(chain: Chain, keyed: bytes, subject: bytes) -> bool:
    try:
        return chain.milestones.subject_of(keyed) in (bytes(32), subject)
    except ChainError as error:
        raise of_chain(error) from error
