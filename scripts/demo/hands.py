"""The parties' own hands: each signs its transactions with its own key and waits until the chain has them."""

import time
from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain_node.client import Call, Chain, Receipt, sign_call
from chain_node.engines.base import hasten
from chain_node.errors import ContractReverted
from chain_node.keys import KeyRing
from scripts.embedded import EmbeddedNetwork

GAS = 6_000_000
RECEIPT_SECONDS = 20.0


@dataclass
class Hands:
    """`act` takes a party's name, or that of an office of the network's operator (`registrar`, ...)."""

    network: EmbeddedNetwork
    accounts: dict[str, LocalAccount] = field(default_factory=dict)

    @property
    def chain(self) -> Chain:
        return self.network.chain

    def make(self, name: str) -> str:
        """A key of the party's own, in memory only; its address."""
        account: LocalAccount = Account.create()
        self.accounts[name] = account
        return str(account.address)

    def address(self, name: str) -> str:
        return str(self._account(name).address)

    def act(self, name: str, call: Call) -> Receipt:
        """Raises the typed revert where the call fails."""
        account, chain = self._account(name), self.chain
        nonce = chain.transaction_count(account.address, "pending")
        signed = sign_call(account, call, nonce=nonce, gas=GAS, chain_id=chain.chain_id)
        chain.send_raw(signed.raw)
        hasten(chain.node)
        deadline = time.monotonic() + RECEIPT_SECONDS
        while (receipt := chain.receipt(signed.hash)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{call.function} was not mined within {RECEIPT_SECONDS:g} s")
            time.sleep(0.02)
        reverted = None if receipt.succeeded else chain.transaction_revert(signed.hash)
        if reverted is not None:
            raise reverted
        return receipt

    def refusal(self, name: str, call: Call) -> str:
        """The name of the error with which the contracts would refuse the call; empty where they would not."""
        try:
            self.chain.simulate(call, self.address(name))
        except ContractReverted as error:
            return str(error.name)
        return ""

    def _account(self, name: str) -> LocalAccount:
        if name not in self.accounts:
            self.accounts[name] = KeyRing(self.network.data_dir).account(name)
        return self.accounts[name]
