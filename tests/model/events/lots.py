"""Lots of goods: how they come, change, change hands and leave, and how far witnesses have measured them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from chain_node.client import FactStatus, Milestone
from model.books import Books
from model.calendar360 import BPS
from model.lots import EXCEEDED, SPENT, Key, Lot
from model.reading import reads

TOKEN = "WarehouseReceiptToken"


def _lot(books: Books, id: int) -> Lot:
    return books.goods.stock.lots[id]


# Offices


@reads(TOKEN, "CustodianListed")
def custodian_listed(books: Books, its: Any) -> None:
    books.goods.stock.custodians[its["custodian"]] = its["index"]


@reads(TOKEN, "FunctionStopped")
def function_stopped(books: Books, its: Any) -> None:
    books.stopped.add((TOKEN, int(its["what"])))


@reads(TOKEN, "FunctionResumed")
def function_resumed(books: Books, its: Any) -> None:
    books.stopped.discard((TOKEN, int(its["what"])))


# Entries


@reads(TOKEN, "OperatorEngaged")
def operator_engaged(books: Books, its: Any) -> None:
    pair = its["owner"], its["operator"]
    (books.goods.stock.engaged.add if its["engaged"] else books.goods.stock.engaged.discard)(pair)


@reads(TOKEN, "LotAnnounced")
def lot_announced(books: Books, its: Any) -> None:
    books.goods.stock.announced[its["digest"]] = its["operator"], its["entry"]


@reads(TOKEN, "AnnouncementWithdrawn")
def announcement_withdrawn(books: Books, its: Any) -> None:
    del books.goods.stock.announced[its["digest"]]


@reads(TOKEN, "LotMinted")
def lot_minted(books: Books, its: Any) -> None:
    """The least of what was announced and attested, from the earlier of the two moments."""
    stock, key = books.goods.stock, (its["subject"], its["sequence"])
    fits = [digest for digest, (_, one) in stock.announced.items() if one["id"] == its["id"]]
    by, entry = stock.announced.pop(fits[0])
    fact = books.facts[its["subject"], Milestone.STORED, its["sequence"]]
    books.same("minted by a fact", fact.status, FactStatus.FINAL)
    books.same("minted of a lot", its["quantity"], min(entry["quantity"], fact.quantity))
    books.same("moment of an entry", its["enteredAt"], min(entry["enteredAt"], fact.occurred_at))
    books.same("operator of a lot", its["operator"], books.organisations[by])
    books.same("owner of a lot", its["owner"], entry["owner"])
    assert key not in stock.entries, "one lot an entry"
    stock.entries[key] = its["id"]
    codes = (entry["commodity"], entry["unit"], entry["place"], its["operator"])
    rest = (its["enteredAt"], entry["expiryDate"], its["subject"])
    stock.mint(Lot(its["id"], *codes, *rest, its["quantity"], set(entry["identifiers"])), its["owner"])


@reads(TOKEN, "LotSplit")
def lot_split(books: Books, its: Any) -> None:
    pallets = set(its["identifiers"])
    books.goods.stock.split(_lot(books, its["id"]), its["part"], its["beneficiary"], its["quantity"], pallets)


@reads(TOKEN, "LotMerged")
def lot_merged(books: Books, its: Any) -> None:
    from_, into = _lot(books, its["from"]), _lot(books, its["into"])
    books.same("merged", its["quantity"], books.goods.stock.merge(from_, into, its["beneficiary"]))


# Holding and title


@reads(TOKEN, "TransferSingle")
def transfer_single(books: Books, its: Any) -> None:
    books.goods.stock.move(its["from"], its["to"], its["id"], its["value"])


@reads(TOKEN, "ApprovalForAll")
def approval_for_all(books: Books, its: Any) -> None:
    pair = its["account"], its["operator"]
    (books.goods.stock.operators.add if its["approved"] else books.goods.stock.operators.discard)(pair)


@reads(TOKEN, "PowerOfSaleSet")
def power_of_sale_set(books: Books, its: Any) -> None:
    pair = its["beneficiary"], its["custodian"]
    (books.goods.stock.powers.add if its["given"] else books.goods.stock.powers.discard)(pair)


@reads(TOKEN, "TitleTransferred")
def title_transferred(books: Books, its: Any) -> None:
    books.same("title goes with the goods", its["holder"], its["to"])
    books.goods.stock.pass_title(_lot(books, its["id"]), its["from"], its["to"], its["quantity"])


@reads(TOKEN, "SoldFromCustody")
def sold_from_custody(books: Books, its: Any) -> None:
    books.goods.stock.sell(_lot(books, its["id"]), its["beneficiary"], its["to"], its["quantity"])


@reads(TOKEN, "CustodySubstituted")
def custody_substituted(books: Books, its: Any) -> None:
    held, offered = _lot(books, its["released"]), _lot(books, its["taken"])
    assert (held.commodity, held.unit) == (offered.commodity, offered.unit)
    assert its["quantityTaken"] >= its["quantityReleased"]
    quantities = (its["quantityReleased"], offered, its["quantityTaken"])
    books.goods.stock.substitute(held, *quantities, its["beneficiary"], its["custodian"])


# Leaving


@reads(TOKEN, "ReleaseOrdered")
def release_ordered(books: Books, its: Any) -> None:
    stock, order = books.goods.stock, its["order"]
    key = order["subject"], order["sequence"]
    assert stock.is_open(key, _lot(books, order["id"])), "of one exit one order"
    books.same("nonce of an order", order["nonce"], stock.nonces[order["beneficiary"]])
    stock.exits[key] = its["digest"]
    stock.set_aside(its["digest"], order)


@reads(TOKEN, "GoodsReleased")
def goods_released(books: Books, its: Any) -> None:
    """At most what was ordered, and at most what is left of the greatest measure; what the witnesses could not agree on
    is not explained."""
    stock, order = books.goods.stock, books.goods.stock.orders[its["digest"]]
    key = order["subject"], order["sequence"]
    greatest = books.facts[key[0], Milestone.RELEASED, key[1]].greatest
    before, home = stock.excesses.get(key, (0, _lot(books, its["id"]).subject))
    left = min(order["quantity"], greatest - before)
    books.same("left the warehouse", (its["quantity"], its["kept"]), (left, order["quantity"] - left))
    if greatest - before - left > Fraction(greatest * books.tolerances[Milestone.RELEASED], BPS):
        stock.exits[key], stock.excesses[key] = EXCEEDED, (before + left, home)
        _expect(books, ("exceeded", its["id"], *key, greatest, before + left))
    else:
        _spend(books, its["id"], key)
    if stock.leave(its["digest"], left):
        stock.gone.append(its["id"])


@reads(TOKEN, "LotReleased")
def lot_released(books: Books, its: Any) -> None:
    books.same("wholly released", its["id"], books.goods.stock.gone.pop(0))


@reads(TOKEN, "ReleaseLapsed")
def release_lapsed(books: Books, its: Any) -> None:
    order, stock = _end(books, its), books.goods.stock
    assert books.now > order["deadline"]
    key = order["subject"], order["sequence"]
    if key in stock.excesses:
        stock.exits[key] = EXCEEDED
    else:
        del stock.exits[key]


@reads(TOKEN, "ReleaseDeclined")
def release_declined(books: Books, its: Any) -> None:
    order = _end(books, its)
    _spend(books, its["id"], (order["subject"], order["sequence"]))


@reads(TOKEN, "ExitExceeded")
def exit_exceeded(books: Books, its: Any) -> None:
    told = (its["id"], its["subject"], its["sequence"], its["attested"], its["ordered"])
    books.goods.stock.told.append(("exceeded", *told))


@reads(TOKEN, "ExitReconciled")
def exit_reconciled(books: Books, its: Any) -> None:
    books.goods.stock.told.append(("reconciled", its["id"], its["subject"], its["sequence"]))


def _spend(books: Books, lot: int, key: Key) -> None:
    stock = books.goods.stock
    stock.exits[key] = SPENT
    _expect(books, *([("reconciled", lot, *key)] if stock.excesses.pop(key, None) else []))


def _expect(books: Books, *events: tuple[Any, ...]) -> None:
    books.same("said of an exit", books.goods.stock.told, [*events])
    books.goods.stock.told.clear()


@reads("GoodsValuation", "ExitAmiss")
def exit_amiss(books: Books, its: Any) -> None:
    books.goods.stock.reported[its["subject"]] = its["sequence"]


def _end(books: Books, its: Any) -> Any:
    order = books.goods.stock.orders[its["digest"]]
    books.goods.stock.set_aside(its["digest"], order, back=True)
    return order


@reads("MilestoneOracle", "FactFinal")
def fact_final(books: Books, its: Any) -> None:
    """A quorum has seen goods leave, or that they are lost: nothing undoes that."""
    stock, subject, moment = books.goods.stock, its["subject"], its["occurredAt"]
    if its["milestone"] == Milestone.RELEASED:
        stock.left_at[subject, its["sequence"]] = moment
    if its["milestone"] == Milestone.LOST:
        _, before = stock.losses.get(subject, (FactStatus.NONE, 0))
        stock.losses[subject] = FactStatus.FINAL, max(before, moment)


@reads("MilestoneOracle", "FactInDispute")
def fact_in_dispute(books: Books, its: Any) -> None:
    if its["milestone"] == Milestone.LOST:
        stock, subject = books.goods.stock, its["subject"]
        status, before = stock.losses.get(subject, (FactStatus.NONE, 0))
        moment = books.facts[subject, Milestone.LOST, its["sequence"]].occurred_at
        status = status if status == FactStatus.FINAL else FactStatus.DISPUTED
        stock.losses[subject] = status, max(before, moment)


@reads("MilestoneOracle", "PolicySet")
def policy_set(books: Books, its: Any) -> None:
    books.tolerances[its["milestone"]] = its["policy"]["toleranceBps"]
