"""What the `@context` of a document says about prefixes. No context is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

GS1_CONTEXTS: Final = frozenset(
    f"{scheme}://ref.gs1.org/standards/epcis/{version}epcis-context.jsonld"
    for scheme in ("https", "http")
    for version in ("", "2.0.0/", "2.0.1/")
)

# Prefixes that the GS1 context itself declares; a document may set others, or these anew.
GS1_PREFIXES: Final = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
VOCABULARIES: Final = ("https://ref.gs1.org/", "https://gs1.org/")


@dataclass(frozen=True)
class Context:
    """Namespace by prefix, and the remote contexts that we hold no copy of: their prefixes stay as written."""

    prefixes: Mapping[str, str] = field(default_factory=lambda: GS1_PREFIXES)
    unknown: tuple[str, ...] = ()

    def with_declared(self, declared: Any) -> Context:
        """This context with what a further `@context` (a URL, an object or a list of both) declares."""
        if declared is None:
            return self
        prefixes, unknown = dict(self.prefixes), list(self.unknown)
        for item in declared if isinstance(declared, list) else [declared]:
            if isinstance(item, dict):
                prefixes.update(_declared_prefixes(item))
            elif isinstance(item, str) and item not in GS1_CONTEXTS and item not in unknown:
                unknown.append(item)
        return Context(prefixes, tuple(unknown))

    def expanded_name(self, name: str) -> str:
        """`prefix:local` as `{namespace}local`; a name whose prefix nobody declared stays as it is."""
        prefix, colon, local = name.partition(":")
        namespace = self.prefixes.get(prefix) if colon else None
        return name if namespace is None else f"{{{namespace}}}{local}"

    def expanded_value(self, value: str) -> str:
        """A compact term of the GS1 vocabularies (`cbv:BizStep-shipping`) as full URI; other values unchanged."""
        prefix, colon, local = value.partition(":")
        namespace = self.prefixes.get(prefix, "") if colon else ""
        return namespace + local if namespace.startswith(VOCABULARIES) else value


def _declared_prefixes(item: Mapping[str, Any]) -> dict[str, str]:
    prefixes = {}
    for name, term in item.items():
        uri = term.get("@id") if isinstance(term, dict) else term
        if isinstance(uri, str) and not name.startswith("@"):
            prefixes[name] = uri
    return prefixes
