"""Which contract stands where: reads the `deployments.json` that a deployment writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eth_typing import ChecksumAddress

from chain_node.errors import ContractUnknown, DeploymentsInvalid
from chain_node.interface import checksum


@dataclass(frozen=True)
class AddressBook:
    """The contracts of one network. `first_block` is where reading its history begins; on a `sandbox` network
    facts may be simulated."""

    network: str
    chain_id: int
    first_block: int
    addresses: Mapping[str, ChecksumAddress]
    contracts: Mapping[str, str]
    sandbox: bool = False
    created: Mapping[str, int] = field(default_factory=dict)
    """In which block each was created, as far as the list says."""
    builds: Mapping[str, str] = field(default_factory=dict)
    """The code version of each that an upgrade left in place: of an earlier build than the rest."""

    @classmethod
    def load(cls, path: Path | str) -> AddressBook:
        """Raises `DeploymentsInvalid` with the file and what is wrong in it, also where a deployment is unfinished."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            if not data.get("complete", False):
                raise DeploymentsInvalid(f"{path}: the deployment is unfinished; run `portolan deploy` again")
            entries = {str(name): entry for name, entry in data["contracts"].items()}
            return cls(
                network=str(data["network"]),
                chain_id=int(data["chain_id"]),
                first_block=int(data["first_block"]),
                addresses={name: checksum(entry["address"]) for name, entry in entries.items()},
                contracts={name: str(entry["contract"]) for name, entry in entries.items()},
                sandbox=data.get("sandbox", False) is True,
                created={name: int(entry["block"]) for name, entry in entries.items() if "block" in entry},
                builds={n: str(entry["code_version"]) for n, entry in entries.items() if "code_version" in entry},
            )
        except OSError as error:
            raise DeploymentsInvalid(f"{path}: cannot be read: {error.strerror}") from error
        except KeyError as error:
            raise DeploymentsInvalid(f"{path}: {error.args[0]} is missing") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise DeploymentsInvalid(f"{path}: not a list of deployed contracts: {error}") from error

    def address(self, name: str) -> ChecksumAddress:
        try:
            return self.addresses[name]
        except KeyError:
            raise ContractUnknown(name, self.network) from None

    def names(self) -> tuple[str, ...]:
        return tuple(self.addresses)

    def currencies(self) -> tuple[str, ...]:
        """ISO 4217 codes of the network's cash tokens."""
        return tuple(name.removeprefix("CashToken:") for name in self.addresses if name.startswith("CashToken:"))
