"""ReceivableToken: invoices by their fingerprint. Amounts are minor units, quantities thousandths, due dates days since
1970-01-01."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import Circulation, ReceivableState


@dataclass(frozen=True)
class Receivable:
    """One invoice; `supplier` and `debtor` are organisation indexes, `currency` the cash token's index."""

    face_value: int
    paid: int
    quantity: int
    due_date: int
    supplier: int
    debtor: int
    currency: int
    custodian: int
    state: ReceivableState
    set_off_waived: bool
    transfers: int


@dataclass(frozen=True)
class Holding:
    """An account's units of one invoice. `synced_paid` is what had been paid when it last took its share, `tier` its
    place among the hands it has gone through, `reserved_until` in Unix seconds, `transfers` how often it passed parts
    on."""

    units: int
    synced_paid: int
    set_aside: int
    tier: int
    reserved_by: int
    reserved_until: int
    transfers: int


class Receivables(Contract):
    interface_name = "ReceivableToken"

    def list_currency(self, cash: str) -> Call:
        return self.call("listCurrency", cash)

    def list_custodian(self, custodian: str) -> Call:
        return self.call("listCustodian", custodian)

    def register(
        self,
        *,
        id: int,
        debtor: str,
        currency: str,
        face_value: int,
        quantity: int,
        due_date: int,
        justification: bytes = bytes(32),
    ) -> Call:
        """Registers an invoice and mints its face value to the caller. Supplier only. `justification` is the hash of
        the reason for a tenor above the ordinary."""
        return self.call("register", (id, debtor, currency, face_value, quantity, due_date, justification))

    def accept(self, *, id: int, face_value: int, quantity: int, due_date: int, waive_set_off: bool) -> Call:
        """Accepts as the debtor, repeating the terms."""
        return self.call("accept", (id, face_value, quantity, due_date, waive_set_off))

    def accept_by_signature(
        self,
        *,
        id: int,
        face_value: int,
        quantity: int,
        due_date: int,
        waive_set_off: bool,
        signer: str,
        deadline: int,
        signature: bytes,
    ) -> Call:
        """Relays the debtor's signed acceptance; anyone may, until `deadline` (Unix seconds)."""
        acceptance = (id, face_value, quantity, due_date, waive_set_off)
        return self.call("acceptBySignature", acceptance, signer, deadline, signature)

    def cancel(self, id: int) -> Call:
        return self.call("cancel", id)

    def consent_to_cancellation(self, id: int, given: bool) -> Call:
        return self.call("consentToCancellation", id, given)

    def cancel_by_consent(self, id: int) -> Call:
        return self.call("cancelByConsent", id)

    def mark_defaulted(self, id: int) -> Call:
        """Puts an unpaid invoice in default once its grace has passed; anyone may."""
        return self.call("markDefaulted", id)

    def stop(self, what: Circulation) -> Call:
        return self.call("stop", int(what))

    def resume(self, what: Circulation) -> Call:
        return self.call("resume", int(what))

    def pay(self, id: int, amount: int) -> Call:
        """Pays on an invoice, by allowance to this contract; anyone may. No more is taken than is outstanding."""
        return self.call("pay", id, amount)

    def claim(self, id: int) -> Call:
        return self.call("claim", id)

    def set_approval_for_all(self, operator: str, approved: bool) -> Call:
        return self.call("setApprovalForAll", operator, approved)

    def safe_transfer_from(self, from_: str, to: str, id: int, units: int, data: bytes = b"") -> Call:
        return self.call("safeTransferFrom", from_, to, id, units, data)

    def receivable(self, id: int, block: BlockTag = "latest") -> Receivable:
        return self._struct(Receivable, "receivable", id, block=block)

    def balance_of(self, account: str, id: int, block: BlockTag = "latest") -> int:
        return int(self.read("balanceOf", account, id, block=block)[0])

    def is_approved_for_all(self, account: str, operator: str, block: BlockTag = "latest") -> bool:
        return bool(self.read("isApprovedForAll", account, operator, block=block)[0])

    def holding(self, id: int, holder: str, block: BlockTag = "latest") -> Holding:
        return self._struct(Holding, "holding", id, holder, block=block)

    def disputed_of(self, id: int, block: BlockTag = "latest") -> int:
        return int(self.read("disputedOf", id, block=block)[0])

    def outstanding(self, id: int, block: BlockTag = "latest") -> int:
        return int(self.read("outstanding", id, block=block)[0])

    def claimable(self, id: int, holder: str, block: BlockTag = "latest") -> int:
        return int(self.read("claimable", id, holder, block=block)[0])

    def cash_of(self, id: int, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cashOf", id, block=block)[0]
        return address

    def cash_for(self, currency: str, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("cashFor", currency, block=block)[0]
        return address

    def acceptance_digest(
        self,
        *,
        id: int,
        face_value: int,
        quantity: int,
        due_date: int,
        waive_set_off: bool,
        signer: str,
        deadline: int,
        block: BlockTag = "latest",
    ) -> bytes:
        acceptance = (id, face_value, quantity, due_date, waive_set_off)
        return bytes(self.read("acceptanceDigest", acceptance, signer, deadline, block=block)[0])


class Disputes(Contract):
    """What lowers an invoice after its acceptance: credit notes, short deliveries, disputes."""

    interface_name = "ReceivableDisputes"

    def credit_note(self, id: int, amount: int, evidence: bytes) -> Call:
        return self.call("creditNote", id, amount, evidence)

    def open_dispute(self, id: int, amount: int, evidence: bytes) -> Call:
        return self.call("openDispute", id, amount, evidence)

    def withdraw_dispute(self, id: int) -> Call:
        return self.call("withdrawDispute", id)

    def concede(self, id: int, amount: int, evidence: bytes) -> Call:
        return self.call("concede", id, amount, evidence)

    def resolve(self, id: int, diluted: int, evidence: bytes) -> Call:
        return self.call("resolve", id, diluted, evidence)
