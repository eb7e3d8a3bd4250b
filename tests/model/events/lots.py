"""Lots of goods: how they come, change, change hands and leave, and how far witnesses have measured them."""

from __future__ import annotations

from typing import Any

from chain_node.client import FactStatus, Milestone
from model.books import Books
from model.lots import SPENT, Lot
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
    assert key not in stock.exits, "of one exit one order"
    books.same("nonce of an order", order["nonce"], stock.nonces[order["beneficiary"]])
    stock.exits[key] = its["digest"]
    stock.set_aside(its["digest"], order)


@reads(TOKEN, "GoodsReleased")
def goods_released(books: Books, its: Any) -> None:
    """At most what was ordered, and at most the greatest measure."""
    stock, order = books.goods.stock, books.goods.stock.orders[its["digest"]]
    fact = books.facts[order["subject"], Milestone.RELEASED, order["sequence"]]
    left = min(order["quantity"], fact.greatest)
    books.same("left the warehouse", (its["quantity"], its["kept"]), (left, order["quantity"] - left))
    stock.exits[order["subject"], order["sequence"]] = SPENT
    if stock.leave(its["digest"], left):
        stock.gone.append(its["id"])


@reads(TOKEN, "LotReleased")
def lot_released(books: Books, its: Any) -> None:
    books.same("wholly released", its["id"], books.goods.stock.gone.pop(0))


@reads(TOKEN, "ReleaseLapsed")
def release_lapsed(books: Books, its: Any) -> None:
    order = _end(books, its)
    assert books.now > order["deadline"]
    del books.goods.stock.exits[order["subject"], order["sequence"]]


@reads(TOKEN, "ReleaseDeclined")
def release_declined(books: Books, its: Any) -> None:
    order = _end(books, its)
    books.goods.stock.exits[order["subject"], order["sequence"]] = SPENT


def _end(books: Books, its: Any) -> Any:
    order = books.goods.stock.orders[its["digest"]]
    books.goods.stock.set_aside(its["digest"], order, back=True)
    return order
