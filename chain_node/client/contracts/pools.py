"""LendingPool, its two TrancheVaults and its FirstLossReserve. Amounts are minor units, shares are base units."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import PoolActivity, Tranche


@dataclass(frozen=True)
class Books:
    """What lenders own: here, lent, expected to be lost; and what redemption claims have been promised."""

    cash: int
    principal_out: int
    impairment: int
    set_aside: int


@dataclass(frozen=True)
class Held:
    """What is here beside: fees, money for the reserve, and what becomes an asset until `streaming_ends_at`."""

    fees: int
    reserve: int
    streaming: int
    streaming_ends_at: int


@dataclass(frozen=True)
class Epoch:
    """Shares that asked to be redeemed, those of them that were paid, and with how much."""

    requested: int
    processed: int
    assets: int


class Pool(Contract):
    """One pot of lenders' money in one currency."""

    interface_name = "LendingPool"

    def take_fees(self, to: str, amount: int) -> Call:
        return self.call("takeFees", to, amount)

    def close_epoch(self) -> Call:
        """Pays what redemption requests the cash allows; anyone, once an epoch's time has passed."""
        return self.call("closeEpoch")

    def send_reserve(self) -> Call:
        return self.call("sendReserve")

    def stop(self, what: PoolActivity) -> Call:
        return self.call("stop", int(what))

    def resume(self, what: PoolActivity) -> Call:
        return self.call("resume", int(what))

    def cash(self, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cash", block=block)[0]
        return address

    def books(self, block: BlockTag = "latest") -> Books:
        return self._struct(Books, "books", block=block)

    def held(self, block: BlockTag = "latest") -> Held:
        return self._struct(Held, "held", block=block)

    def lendable(self, block: BlockTag = "latest") -> int:
        return self._number("lendable", block=block)

    def accrued_income(self, block: BlockTag = "latest") -> int:
        return self._number("accruedIncome", block=block)

    def senior_claim(self, block: BlockTag = "latest") -> int:
        return self._number("seniorClaim", block=block)

    def senior_rate_bps(self, block: BlockTag = "latest") -> int:
        return self._number("seniorRateBps", block=block)

    def gross_assets(self, block: BlockTag = "latest") -> int:
        return self._number("grossAssets", block=block)

    def net_assets(self, block: BlockTag = "latest") -> int:
        return self._number("netAssets", block=block)

    def closable_at(self, block: BlockTag = "latest") -> int:
        """Unix seconds from which the epoch may be closed."""
        return self._number("closableAt", block=block)

    def tranche_assets(self, tranche: Tranche, block: BlockTag = "latest") -> tuple[int, int]:
        """What the tranche's shares are bought at, and what they are given back at."""
        entry, exit_ = self.read("trancheAssets", int(tranche), block=block)
        return int(entry), int(exit_)

    def fundable(self, tranche: Tranche, block: BlockTag = "latest") -> int:
        """What may still be deposited into the tranche."""
        return self._number("fundable", int(tranche), block=block)


class Syndicate(Contract):
    """Pools of one currency that lend together in shares that are fixed when it is made."""

    interface_name = "Syndicate"


class Vault(Contract):
    """The lenders' shares of one tranche (ERC-4626, redemptions by ERC-7540)."""

    interface_name = "TrancheVault"

    def deposit(self, assets: int, receiver: str) -> Call:
        return self.call("deposit", assets, receiver)

    def mint(self, shares: int, receiver: str) -> Call:
        return self.call("mint", shares, receiver)

    def request_redeem(self, shares: int, controller: str, owner: str) -> Call:
        """Asks for the shares to be redeemed when the epoch is closed; cannot be taken back."""
        return self.call("requestRedeem", shares, controller, owner)

    def smallest_request(self, block: BlockTag = "latest") -> int:
        """Least shares that a holder of more may ask back at a time."""
        return int(self.read("smallestRequest", block=block)[0])

    def withdraw(self, assets: int, receiver: str, controller: str) -> Call:
        """Claims so much of what has been paid on the controller's requests."""
        return self.call("withdraw", assets, receiver, controller)

    def redeem(self, shares: int, receiver: str, controller: str) -> Call:
        """Claims what has been paid for so many of the shares that the controller asked for."""
        return self.call("redeem", shares, receiver, controller)

    def set_operator(self, operator: str, approved: bool) -> Call:
        return self.call("setOperator", operator, approved)

    def approve(self, spender: str, shares: int) -> Call:
        return self.call("approve", spender, shares)

    def transfer(self, to: str, shares: int) -> Call:
        return self.call("transfer", to, shares)

    def asset(self, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("asset", block=block)[0]
        return address

    def balance_of(self, account: str, block: BlockTag = "latest") -> int:
        return self._number("balanceOf", account, block=block)

    def total_supply(self, block: BlockTag = "latest") -> int:
        return self._number("totalSupply", block=block)

    def total_assets(self, block: BlockTag = "latest") -> int:
        return self._number("totalAssets", block=block)

    def convert_to_assets(self, shares: int, block: BlockTag = "latest") -> int:
        return self._number("convertToAssets", shares, block=block)

    def convert_to_shares(self, assets: int, block: BlockTag = "latest") -> int:
        return self._number("convertToShares", assets, block=block)

    def preview_deposit(self, assets: int, block: BlockTag = "latest") -> int:
        return self._number("previewDeposit", assets, block=block)

    def max_deposit(self, receiver: str, block: BlockTag = "latest") -> int:
        return self._number("maxDeposit", receiver, block=block)

    def max_withdraw(self, controller: str, block: BlockTag = "latest") -> int:
        """What the controller may claim now."""
        return self._number("maxWithdraw", controller, block=block)

    def max_redeem(self, controller: str, block: BlockTag = "latest") -> int:
        """Shares whose payment the controller may claim now."""
        return self._number("maxRedeem", controller, block=block)

    def pending_redeem_request(self, epoch: int, controller: str, block: BlockTag = "latest") -> int:
        return self._number("pendingRedeemRequest", epoch, controller, block=block)

    def claimable_redeem_request(self, epoch: int, controller: str, block: BlockTag = "latest") -> int:
        return self._number("claimableRedeemRequest", epoch, controller, block=block)

    def pending_assets(self, block: BlockTag = "latest") -> int:
        """What all shares that wait to be redeemed are worth now."""
        return self._number("pendingAssets", block=block)

    def current_epoch(self, block: BlockTag = "latest") -> int:
        return self._number("currentEpoch", block=block)

    def epoch(self, number: int, block: BlockTag = "latest") -> Epoch:
        return self._struct(Epoch, "epoch", number, block=block)

    def decimals(self, block: BlockTag = "latest") -> int:
        return self._number("decimals", block=block)


class Reserve(Contract):
    """Money that absorbs a pool's losses before its lenders do."""

    interface_name = "FirstLossReserve"

    def deposit(self, amount: int) -> Call:
        return self.call("deposit", amount)

    def release(self, to: str, amount: int) -> Call:
        return self.call("release", to, amount)

    def held(self, block: BlockTag = "latest") -> int:
        return self._number("held", block=block)

    def floor(self, block: BlockTag = "latest") -> int:
        return self._number("floor", block=block)
