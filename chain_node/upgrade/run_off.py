"""What is still out on a version that runs off."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain_node.client import AddressBook, Chain, Node, Tranche
from chain_node.client.contracts.pools import Vault
from chain_node.client.contracts.servicing import Health
from chain_node.upgrade.record import run_off_path
from chain_node.vocabulary import FinancingState

CRUMBS: Final = 100
"""Minor units of a pool that rounding may leave for ever: less than one for each claim of a lender."""


@dataclass(frozen=True)
class OpenFinancing:
    """A financing whose collateral has not gone back; `owed` minor units of the pool's currency."""

    id: int
    state: FinancingState
    pool: str
    owed: int


@dataclass(frozen=True)
class PoolLeft:
    """What a pool of the old version still has or owes, minor units. `worth` is that of the shares that are left: the
    last few are worth less than a minor unit, because redemptions are rounded down, and nothing redeems them."""

    name: str
    cash: int
    principal_out: int
    set_aside: int
    fees: int
    reserve: int
    worth: int

    @property
    def empty(self) -> bool:
        return not (self.principal_out or self.reserve) and self.set_aside + self.worth <= CRUMBS


@dataclass(frozen=True)
class RunOff:
    """The old version of one upgrade. It is over when nothing is owed or kept, and no lender has money in it."""

    number: int
    financings: int
    open: tuple[OpenFinancing, ...]
    pools: tuple[PoolLeft, ...]
    health: Health

    @property
    def over(self) -> bool:
        return not self.open and all(pool.empty for pool in self.pools)


def run_off(node: Node, folder: Path, number: int, renewed: list[str]) -> RunOff:
    """Reads the old contracts at one block; of what an upgrade left in place nothing runs off."""
    chain = Chain(node, AddressBook.load(run_off_path(folder, number)))
    block = node.block_number()
    desk = "FinancingDesk" in renewed
    count = chain.desk.financing_count(block) if desk else 0
    opened = [_open(chain, id, block) for id in range(1, count + 1)]
    codes = [name.partition(":")[2] for name in renewed if name.startswith("LendingPool:")]
    return RunOff(
        number=number,
        financings=count,
        open=tuple(one for one in opened if one.state is not FinancingState.RELEASED),
        pools=tuple(_pool(chain, code, block) for code in codes),
        health=chain.health.check(block),
    )


def _worth(vault: Vault, block: int) -> int:
    return vault.convert_to_assets(vault.total_supply(block), block)


def _open(chain: Chain, id: int, block: int) -> OpenFinancing:
    its = chain.desk.financing(id, block)
    pool = chain.desk.facility(its.facility, block).terms.pool
    names: dict[str, str] = {address: name for name, address in chain.addresses.addresses.items()}
    return OpenFinancing(id, its.state, names.get(pool, pool), chain.desk.owed_in_all(id, block))


def _pool(chain: Chain, code: str, block: int) -> PoolLeft:
    pool = chain.pool(code)
    books, held = pool.books(block), pool.held(block)
    return PoolLeft(
        name=pool.name,
        cash=books.cash,
        principal_out=books.principal_out,
        set_aside=books.set_aside,
        fees=held.fees,
        reserve=held.reserve + chain.reserve(code).held(block),
        worth=sum(_worth(chain.vault(code, tranche), block) for tranche in Tranche),
    )
