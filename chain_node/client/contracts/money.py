"""CashToken: a tokenised deposit in one currency. Amounts are minor units."""

from __future__ import annotations

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call


class Cash(Contract):
    interface_name = "CashToken"

    def issue(self, to: str, amount: int, payment_reference: bytes) -> Call:
        """Issues against money received. Cash issuer only."""
        return self.call("issue", to, amount, payment_reference)

    def withdraw(self, from_: str, amount: int, payment_reference: bytes) -> Call:
        """Destroys cash that is paid out, within the holder's allowance. Cash issuer only."""
        return self.call("withdraw", from_, amount, payment_reference)

    def approve(self, spender: str, amount: int) -> Call:
        return self.call("approve", spender, amount)

    def transfer(self, to: str, amount: int) -> Call:
        return self.call("transfer", to, amount)

    def transfer_from(self, from_: str, to: str, amount: int) -> Call:
        return self.call("transferFrom", from_, to, amount)

    def permit(self, owner: str, spender: str, value: int, deadline: int, v: int, r: bytes, s: bytes) -> Call:
        return self.call("permit", owner, spender, value, deadline, v, r, s)

    def balance_of(self, account: str, block: BlockTag = "latest") -> int:
        return int(self.read("balanceOf", account, block=block)[0])

    def allowance(self, owner: str, spender: str, block: BlockTag = "latest") -> int:
        return int(self.read("allowance", owner, spender, block=block)[0])

    def total_supply(self, block: BlockTag = "latest") -> int:
        return int(self.read("totalSupply", block=block)[0])

    def currency(self, block: BlockTag = "latest") -> str:
        """ISO 4217 alphabetic code."""
        return str(self.read("currency", block=block)[0])

    def decimals(self, block: BlockTag = "latest") -> int:
        return int(self.read("decimals", block=block)[0])

    def nonces(self, owner: str, block: BlockTag = "latest") -> int:
        """The number of the owner's next signed permission."""
        return int(self.read("nonces", owner, block=block)[0])
