"""FinancingDesk, the collateral adapters, LendingPool and TrancheVault. Amounts are minor units, rates bps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import FinancingState


@dataclass(frozen=True)
class Facility:
    """A supplier's line; `expires_at` in Unix seconds, `discount_rate_bps` per year, `fee_bps` flat of each draw."""

    supplier: ChecksumAddress
    pool: ChecksumAddress
    limit: int
    drawn: int
    discount_rate_bps: int
    fee_bps: int
    expires_at: int


@dataclass(frozen=True)
class Financing:
    facility: int
    state: FinancingState
    accrued_at: int
    principal: int
    fees_due: int
    impairment: int
    accrued_numerator: int
    collateral: ChecksumAddress
    item_id: int
    subject: bytes


@dataclass(frozen=True)
class Owed:
    """What a financing owes now; interest is rounded up."""

    fees: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        return self.fees + self.interest + self.principal


@dataclass(frozen=True)
class Step:
    """From `milestone` on, `advance_rate_bps` of the item's value may be lent; `measured`: of what was attested."""

    milestone: int
    advance_rate_bps: int
    measured: bool


@dataclass(frozen=True)
class Books:
    cash: int
    principal_out: int
    accrued_fees: int
    impairment: int


class Desk(Contract):
    """Facilities and financings."""

    interface_name = "FinancingDesk"

    def list_collateral(self, collateral: str, listed: bool) -> Call:
        return self.call("listCollateral", collateral, listed)

    def list_pool(self, pool: str, listed: bool) -> Call:
        return self.call("listPool", pool, listed)

    def open_facility(
        self, *, supplier: str, pool: str, limit: int, discount_rate_bps: int, fee_bps: int, expires_at: int
    ) -> Call:
        """Grants a line to a supplier. Credit officer only."""
        return self.call("openFacility", (supplier, pool, limit, discount_rate_bps, fee_bps, expires_at))

    def set_ladder(self, facility: int, collateral: str, steps: Sequence[Step]) -> Call:
        return self.call("setLadder", facility, collateral, [astuple(step) for step in steps])

    def open_financing(self, *, facility: int, collateral: str, item_id: int, units: int, subject: bytes) -> Call:
        """Pledges an item and opens a financing on it. Supplier only."""
        return self.call("openFinancing", facility, collateral, item_id, units, subject)

    def poke(self, financing: int) -> Call:
        return self.call("poke", financing)

    def repay(self, financing: int, amount: int) -> Call:
        return self.call("repay", financing, amount)

    def release(self, financing: int) -> Call:
        return self.call("release", financing)

    def set_impairment(self, financing: int, impairment: int) -> Call:
        return self.call("setImpairment", financing, impairment)

    def claim_parked(self, cash: str) -> Call:
        return self.call("claimParked", cash)

    def facility(self, id: int, block: BlockTag = "latest") -> Facility:
        return self._struct(Facility, "facility", id, block=block)

    def financing(self, id: int, block: BlockTag = "latest") -> Financing:
        return self._struct(Financing, "financing", id, block=block)

    def financing_of(self, subject: bytes, block: BlockTag = "latest") -> int:
        """The financing that a consignment backs, 0 for none."""
        return int(self.read("financingOf", subject, block=block)[0])

    def owed(self, id: int, block: BlockTag = "latest") -> Owed:
        return Owed(*self.read("owed", id, block=block))

    def availability(self, id: int, block: BlockTag = "latest") -> tuple[int, int]:
        """The borrowing base, and what a poke would draw now."""
        base, available = self.read("availability", id, block=block)
        return int(base), int(available)

    def parked(self, payee: str, cash: str, block: BlockTag = "latest") -> int:
        return int(self.read("parked", payee, cash, block=block)[0])


class Collateral(Contract):
    """One kind of collateral; written to by the desk only, so that there are reads alone."""

    def borrowing_base(self, financing: int, block: BlockTag = "latest") -> int:
        return int(self.read("borrowingBase", financing, block=block)[0])

    def ladder(self, facility: int, block: BlockTag = "latest") -> list[Step]:
        return [Step(*step.values()) for step in self.read("ladder", facility, block=block)[0]]


class ReceivableCollateral(Collateral):
    interface_name = "ReceivableCollateral"


class OrderCollateral(Collateral):
    interface_name = "OrderCollateral"


class Pool(Contract):
    """One pot of lenders' money in one currency."""

    interface_name = "LendingPool"

    def take_fees(self, to: str, amount: int) -> Call:
        return self.call("takeFees", to, amount)

    def set_vault(self, vault: str) -> Call:
        return self.call("setVault", vault)

    def cash(self, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cash", block=block)[0]
        return address

    def books(self, block: BlockTag = "latest") -> Books:
        return self._struct(Books, "books", block=block)

    def accrued_income(self, block: BlockTag = "latest") -> int:
        return int(self.read("accruedIncome", block=block)[0])

    def gross_assets(self, block: BlockTag = "latest") -> int:
        return int(self.read("grossAssets", block=block)[0])

    def net_assets(self, block: BlockTag = "latest") -> int:
        return int(self.read("netAssets", block=block)[0])


class Vault(Contract):
    """The lenders' shares of a pool (ERC-4626)."""

    interface_name = "TrancheVault"

    def deposit(self, assets: int, receiver: str) -> Call:
        return self.call("deposit", assets, receiver)

    def mint(self, shares: int, receiver: str) -> Call:
        return self.call("mint", shares, receiver)

    def withdraw(self, assets: int, receiver: str, owner: str) -> Call:
        return self.call("withdraw", assets, receiver, owner)

    def redeem(self, shares: int, receiver: str, owner: str) -> Call:
        return self.call("redeem", shares, receiver, owner)

    def approve(self, spender: str, shares: int) -> Call:
        return self.call("approve", spender, shares)

    def transfer(self, to: str, shares: int) -> Call:
        return self.call("transfer", to, shares)

    def asset(self, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("asset", block=block)[0]
        return address

    def balance_of(self, account: str, block: BlockTag = "latest") -> int:
        return self._amount("balanceOf", account, block=block)

    def total_supply(self, block: BlockTag = "latest") -> int:
        return self._amount("totalSupply", block=block)

    def total_assets(self, block: BlockTag = "latest") -> int:
        return self._amount("totalAssets", block=block)

    def convert_to_assets(self, shares: int, block: BlockTag = "latest") -> int:
        return self._amount("convertToAssets", shares, block=block)

    def convert_to_shares(self, assets: int, block: BlockTag = "latest") -> int:
        return self._amount("convertToShares", assets, block=block)

    def preview_deposit(self, assets: int, block: BlockTag = "latest") -> int:
        return self._amount("previewDeposit", assets, block=block)

    def preview_redeem(self, shares: int, block: BlockTag = "latest") -> int:
        return self._amount("previewRedeem", shares, block=block)

    def max_deposit(self, receiver: str, block: BlockTag = "latest") -> int:
        return self._amount("maxDeposit", receiver, block=block)

    def max_withdraw(self, owner: str, block: BlockTag = "latest") -> int:
        return self._amount("maxWithdraw", owner, block=block)

    def max_redeem(self, owner: str, block: BlockTag = "latest") -> int:
        return self._amount("maxRedeem", owner, block=block)

    def decimals(self, block: BlockTag = "latest") -> int:
        return self._amount("decimals", block=block)

    def _amount(self, function: str, *values: object, block: BlockTag) -> int:
        return int(self.read(function, *values, block=block)[0])
