"""One class per custom error of the contracts, made from the ABIs that this package carries; `reverts.pyi` lists them
for the type checker and for people, and `portolan node abi` writes it."""

from __future__ import annotations

from chain_node.errors import ContractReverted
from chain_node.interface import interfaces


def _make_classes() -> dict[str, type[ContractReverted]]:
    names = {error.name for interface in interfaces().values() for error in interface.errors.values()}
    doc = "The contract's error of this name; see its interface."
    return {name: type(name, (ContractReverted,), {"__doc__": doc, "__module__": __name__}) for name in sorted(names)}


BY_NAME = _make_classes()
globals().update(BY_NAME)
