"""WarehouseReceiptToken: goods in warehouses, by lot. Quantities are thousandths of the lot's unit, dates days since
1970-01-01, moments Unix seconds."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import LotActivity, LotState


@dataclass(frozen=True)
class Entry:
    """What a warehouse says has come in. `commodity` is a code of the Harmonized System (six to eight digits), `unit`
    of UN/CEFACT Recommendation 20, `place` a UN/LOCODE. `expiry_date` is 0 for goods that keep; `identifiers` are keyed
    hashes of the physical units' numbers."""

    id: int
    owner: str
    commodity: str
    unit: str
    quantity: int
    subject: bytes
    sequence: int
    place: str
    entered_at: int
    expiry_date: int
    identifiers: tuple[bytes, ...]


@dataclass(frozen=True)
class Goods:
    """What a lot is; codes as in `Entry`. `operator` and `operator_group` are indexes, `condition` 0 as it came in."""

    commodity: str
    unit: str
    place: str
    operator: int
    operator_group: int
    entered_at: int
    expiry_date: int
    condition: int


@dataclass(frozen=True)
class Stock:
    """How much there is of a lot: `received - released` is left. `custodian` is the custodian's index, 0 for none."""

    received: int
    released: int
    in_custody: int
    sequence: int
    parts: int
    identifiers: int
    custodian: int
    state: LotState


@dataclass(frozen=True)
class Position:
    """What an account owns of a lot, by where it is; `sellable` where the custodian may sell what it holds."""

    free: int
    pledged: int
    free_aside: int
    pledged_aside: int
    sellable: bool


@dataclass(frozen=True)
class Appraisal:
    """What a lender prices a pledge by."""

    state: LotState
    commodity: str
    unit: str
    place: str
    operator: int
    entered_at: int
    expiry_date: int
    condition: int
    free: int
    pledged: int


@dataclass(frozen=True)
class TitleTransfer:
    """A change of title; `holder` is the owner itself, or the custodian that must agree."""

    id: int
    from_: str
    to: str
    holder: str
    quantity: int
    nonce: int
    deadline: int


@dataclass(frozen=True)
class ReleaseOrder:
    """Goods that are to leave; `subject` and `sequence` say which attested exit will take them off the books."""

    id: int
    quantity: int
    beneficiary: str
    holder: str
    to: str
    subject: bytes
    sequence: int
    deadline: int
    nonce: int


class Lots(Contract):
    interface_name = "WarehouseReceiptToken"

    # Offices

    def list_custodian(self, custodian: str) -> Call:
        return self.call("listCustodian", custodian)

    def list_grader(self, grader: str, listed: bool) -> Call:
        return self.call("listGrader", grader, listed)

    def stop(self, what: LotActivity) -> Call:
        return self.call("stop", int(what))

    def resume(self, what: LotActivity) -> Call:
        return self.call("resume", int(what))

    # Lots

    def engage_operator(self, operator: int, engaged: bool) -> Call:
        """Lets a warehouse, by its organisation's index, announce lots for the caller's organisation."""
        return self.call("engageOperator", operator, engaged)

    def announce(self, entry: Entry) -> Call:
        """Announces a lot as its warehouse."""
        return self.call("announce", astuple(entry))

    def withdraw_announcement(self, entry: Entry) -> Call:
        return self.call("withdrawAnnouncement", astuple(entry))

    def mint(self, entry: Entry) -> Call:
        """Makes an announced entry a lot once it is attested; anyone may."""
        return self.call("mint", astuple(entry))

    def split(self, id: int, identifiers: tuple[bytes, ...], quantity: int) -> Call:
        return self.call("split", id, identifiers, quantity)

    def merge(self, from_: int, into: int, identifiers: tuple[bytes, ...]) -> Call:
        """`identifiers` are all those of the lot that goes in."""
        return self.call("merge", from_, into, identifiers)

    # Holding and title

    def set_approval_for_all(self, operator: str, approved: bool) -> Call:
        return self.call("setApprovalForAll", operator, approved)

    def safe_transfer_from(self, from_: str, to: str, id: int, units: int, data: bytes = b"") -> Call:
        """Moves the holding, into custody or back to its owner."""
        return self.call("safeTransferFrom", from_, to, id, units, data)

    def set_power_of_sale(self, custodian: str, given: bool) -> Call:
        return self.call("setPowerOfSale", custodian, given)

    def transfer_title(self, id: int, to: str, quantity: int) -> Call:
        return self.call("transferTitle", id, to, quantity)

    def transfer_title_by_signature(
        self, transfer: TitleTransfer, signature: bytes, holder_signature: bytes = b""
    ) -> Call:
        return self.call("transferTitleBySignature", astuple(transfer), signature, holder_signature)

    def approve_digest(self, digest: bytes, approved: bool) -> Call:
        return self.call("approveDigest", digest, approved)

    def void_next_signature(self) -> Call:
        return self.call("voidNextSignature")

    # Release

    def order_release(self, order: ReleaseOrder, signature: bytes = b"", holder_signature: bytes = b"") -> Call:
        return self.call("orderRelease", astuple(order), signature, holder_signature)

    def confirm_release(self, order: ReleaseOrder) -> Call:
        """Takes goods off the books whose exit is attested; anyone may."""
        return self.call("confirmRelease", astuple(order))

    def lapse_release(self, order: ReleaseOrder) -> Call:
        """Ends an order past its deadline; anyone may."""
        return self.call("lapseRelease", astuple(order))

    def decline_release(self, order: ReleaseOrder) -> Call:
        return self.call("declineRelease", astuple(order))

    # Reads

    def goods(self, id: int, block: BlockTag = "latest") -> Goods:
        return self._struct(Goods, "goods", id, block=block)

    def stock(self, id: int, block: BlockTag = "latest") -> Stock:
        return self._struct(Stock, "stock", id, block=block)

    def position(self, id: int, beneficiary: str, block: BlockTag = "latest") -> Position:
        return self._struct(Position, "position", id, beneficiary, block=block)

    def appraisal_of(self, id: int, beneficiary: str, block: BlockTag = "latest") -> Appraisal:
        return self._struct(Appraisal, "appraisalOf", id, beneficiary, block=block)

    def subject_of(self, id: int, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("subjectOf", id, block=block)[0])

    def lot_of(self, identifier: bytes, block: BlockTag = "latest") -> int:
        """The live lot that an identifier is in; 0 for none."""
        return int(self.read("lotOf", identifier, block=block)[0])

    def lot_of_entry(self, subject: bytes, sequence: int, block: BlockTag = "latest") -> int:
        return int(self.read("lotOfEntry", subject, sequence, block=block)[0])

    def announced_by(self, digest: bytes, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("announcedBy", digest, block=block)[0]
        return address

    def entry_digest(self, entry: Entry) -> bytes:
        return bytes(self.read("entryDigest", astuple(entry))[0])

    def title_of(self, id: int, beneficiary: str, block: BlockTag = "latest") -> int:
        return int(self.read("titleOf", id, beneficiary, block=block)[0])

    def is_approved_for_all(self, owner: str, operator: str, block: BlockTag = "latest") -> bool:
        """Whether the operator (a custodian) may move the owner's goods."""
        return bool(self.read("isApprovedForAll", owner, operator, block=block)[0])

    def has_power_of_sale(self, beneficiary: str, custodian: str, block: BlockTag = "latest") -> bool:
        """Whether the custodian may sell the beneficiary's goods that it keeps."""
        return bool(self.read("hasPowerOfSale", beneficiary, custodian, block=block)[0])

    def balance_of(self, account: str, id: int, block: BlockTag = "latest") -> int:
        return int(self.read("balanceOf", account, id, block=block)[0])

    def nonces(self, account: str, block: BlockTag = "latest") -> int:
        return int(self.read("nonces", account, block=block)[0])

    def order_of_exit(self, subject: bytes, sequence: int, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("orderOfExit", subject, sequence, block=block)[0])

    def release_order_digest(self, order: ReleaseOrder) -> bytes:
        return bytes(self.read("releaseOrderDigest", astuple(order))[0])

    def title_transfer_digest(self, transfer: TitleTransfer) -> bytes:
        return bytes(self.read("titleTransferDigest", astuple(transfer))[0])
