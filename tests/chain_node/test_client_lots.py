"""Goods through the typed client, on a real node: in by one attested fact, out by another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork, lei

from chain_node.client import (
    Appraisal,
    Entry,
    LotState,
    Milestone,
    Observation,
    Position,
    ReleaseOrder,
    Role,
    TitleTransfer,
    Vote,
    attestation_digest,
)
from chain_node.errors import reverts

pytestmark = pytest.mark.node

LOT, QUANTITY = 0x10_7001, 1_000_000
SUBJECT, PALLET = bytes([0x71]) * 32, bytes([0x72]) * 32


class Goods:
    """A supplier that has engaged a warehouse, an inspector, a buyer, and a lot announced by the warehouse."""

    def __init__(self, network: RunningNetwork) -> None:
        self.network, self.chain, self.lots = network, network.chain, network.chain.lots
        self.owner = self._admit("GOODSOWNER", Role.SUPPLIER)
        self.buyer = self._admit("GOODSBUYER", Role.DEBTOR)
        self.warehouse = self._admit("GOODSHOUSE", Role.WAREHOUSE)
        self.inspector = self._admit("GOODSINSPECTOR", Role.INSPECTOR)
        self.operator = self.chain.registry.membership_of(self.warehouse.address).organisation
        now = network.now()
        place = (SUBJECT, 1, "DEHAM", now - 60, now // 86_400 + 100)
        self.entry = Entry(LOT, self.owner.address, "090111", "KGM", QUANTITY, *place, (PALLET,))
        network.send(self.owner, self.chain.milestones.open_subject(SUBJECT, []))
        network.send(self.owner, self.lots.engage_operator(self.operator, True))
        network.send(self.warehouse, self.lots.announce(self.entry))

    def _admit(self, name: str, role: Role) -> LocalAccount:
        account: LocalAccount = Account.create()
        self.network.admit(lei(name), account.address, int(role))
        return account

    def attest(self, milestone: Milestone, quantity: int) -> None:
        observations = [Observation(SUBJECT, milestone, 1, self.network.now() - 30, quantity)]
        digest = attestation_digest(self.chain.chain_id, self.chain.milestones.address, observations, 1, bytes(32))
        signed = [(w.address, bytes(w.unsafe_sign_hash(digest).signature)) for w in (self.warehouse, self.inspector)]
        votes = [Vote(address, 1, bytes(32), signature) for address, signature in signed]
        self.network.send(self.owner, self.chain.milestones.attest(observations, votes))


def test_goods_come_in_change_owner_and_leave(own_network: RunningNetwork) -> None:
    goods = Goods(own_network)
    lots, owner, buyer = goods.lots, goods.owner, goods.buyer
    with pytest.raises(
        reverts.EntryNotAttested, match=r"entry 1 of consignment 0x7171.* it is none, with 0 thousandths"
    ):
        goods.chain.simulate(lots.mint(goods.entry), owner.address)

    goods.attest(Milestone.STORED, QUANTITY - 1000)
    own_network.send(buyer, lots.mint(goods.entry))

    assert lots.title_of(LOT, owner.address) == lots.balance_of(owner.address, LOT) == QUANTITY - 1000
    assert (lots.lot_of(PALLET), lots.lot_of_entry(SUBJECT, 1), lots.subject_of(LOT)) == (LOT, LOT, SUBJECT)
    appraisal: Appraisal = lots.appraisal_of(LOT, owner.address)
    assert (appraisal.state, appraisal.unit, appraisal.place) == (LotState.LIVE, "KGM", "DEHAM")
    assert (appraisal.operator, appraisal.free, appraisal.pledged) == (goods.operator, QUANTITY - 1000, 0)
    assert lots.goods(LOT).commodity == "090111"

    deadline = own_network.now() + 3600
    transfer = TitleTransfer(LOT, owner.address, buyer.address, owner.address, 400_000, 0, deadline)
    signature = bytes(owner.unsafe_sign_hash(lots.title_transfer_digest(transfer)).signature)
    own_network.send(buyer, lots.transfer_title_by_signature(transfer, signature))

    assert lots.position(LOT, buyer.address) == Position(400_000, 0, 0, 0, False)
    order = ReleaseOrder(LOT, 400_000, buyer.address, buyer.address, buyer.address, SUBJECT, 1, deadline, 0)
    own_network.send(buyer, lots.order_release(order))
    assert lots.order_of_exit(SUBJECT, 1) == lots.release_order_digest(order)
    assert lots.position(LOT, buyer.address) == Position(0, 0, 400_000, 0, False)

    goods.attest(Milestone.RELEASED, 400_000)
    own_network.send(owner, lots.confirm_release(order))

    stock = lots.stock(LOT)
    assert (stock.received, stock.released, stock.state) == (QUANTITY - 1000, 400_000, LotState.LIVE)
    assert lots.title_of(LOT, buyer.address) == 0


def test_announcement_of_another_shape_is_refused_in_words(own_network: RunningNetwork) -> None:
    goods = Goods(own_network)
    tonnes = replace(goods.entry, unit="t")

    with pytest.raises(reverts.CodeInvalid, match="commodity 090111, unit t or place DEHAM"):
        goods.chain.simulate(goods.lots.announce(tonnes), goods.warehouse.address)
