"""The network's key, as an endpoint gets it, and document numbers in the form in which the chain knows them."""

from functools import cache
from typing import Annotated

from fastapi import Depends, Request

from api.errors import Malformed
from api.gateway import gateway_of
from chain_node.references import NetworkKey, ReferenceInvalid, reference

_load = cache(NetworkKey.load)


async def _network_key(request: Request) -> NetworkKey:
    return _load(gateway_of(request).settings.network_key_file)


NetworkKeyDep = Annotated[NetworkKey, Depends(_network_key)]

MOST_REFERENCES = 32


def parse_references(given: list[str]) -> list[tuple[str, str]]:
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


def keyed_reference(key: NetworkKey, kind: str, value: str) -> bytes:
    """What stands on chain for a document number; Malformed where it cannot be one."""
    try:
        return reference(key, kind, value)
    except ReferenceInvalid as error:
        raise Malformed("reference-malformed", f"A reference cannot be used: {error}.") from error
