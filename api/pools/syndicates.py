"""Who lends where a facility's money is not one pool's: the members of a syndicate, and what each has out through it.

A member lends through a syndicate once it has listed it: from then on the syndicate may draw on its cash, and nothing
takes that back. That is on the chain, and a row. The shares are fixed when a syndicate is made, in a place that no
address book names; they are asked from it (decision 0046)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import ChecksumAddress, HexAddress, HexStr
from sqlmodel import Session

from api.clock import indexed_block
from api.errors import of_chain
from api.figures import Question, ask
from api.pools import repository
from api.pools.schemas import LenderView, SyndicateView
from api.values import Amount, moment
from chain_node.client import AddressBook, Chain, Syndicate
from chain_node.errors import ChainError, ContractReverted

_WHOLE = 10_000
_POOL = "LendingPool:"


@dataclass(frozen=True)
class _Shares:
    """In bps: of every draw, loss and fee."""

    funding_bps: int
    loss_bps: int
    fee_bps: int


def pool_ids(addresses: AddressBook) -> dict[str, str]:
    """The network's own pools: address to id, which is the currency."""
    named = {str(address): name for name, address in addresses.addresses.items()}
    return {address: name.removeprefix(_POOL) for address, name in named.items() if name.startswith(_POOL)}


def lenders(session: Session, chain: Chain, sources: Collection[str]) -> dict[str, list[LenderView]]:
    """Who lends by each source of money (by address): the pool itself, or a syndicate's members in their order. Nobody
    that is known where a source is neither."""
    ours = pool_ids(chain.addresses)
    found = {source: [_lender(source, ours, _WHOLES, lends=True)] for source in sources if source in ours}
    strangers = sorted(set(sources) - ours.keys())
    if not strangers:
        return found
    listed = {(each.syndicate, each.pool) for each in repository.members_of(session, strangers)}
    shares = _shares(session, chain, strangers)
    return found | {
        source: [_lender(pool, ours, its, (source, pool) in listed) for pool, its in shares[source].items()]
        for source in strangers
    }


_WHOLES = _Shares(_WHOLE, _WHOLE, _WHOLE)


def _lender(pool: str, ours: Mapping[str, str], its: _Shares, lends: bool) -> LenderView:
    return LenderView(pool=ours.get(pool), address=pool, lends=lends, **vars(its))


def through(session: Session, chain: Chain, pools: Collection[str]) -> dict[str, list[SyndicateView]]:
    """The syndicates by which each of the network's pools (by address) lends, and what it has at stake in each."""
    rows = repository.syndicates_of(session, pools)
    if not rows:
        return {}
    ours = pool_ids(chain.addresses)
    shares = _shares(session, chain, sorted({row.syndicate for row in rows}))
    questions = [ask(_syndicate(chain, row.syndicate), "positionOf", row.pool) for row in rows]
    found: dict[str, list[SyndicateView]] = {}
    for row, position in zip(rows, _answers(session, chain, questions), strict=True):
        its, currency = shares[row.syndicate].get(row.pool), ours[row.pool]
        if its is None or position is None:
            continue  # listed, and no member: it has nothing there, and the syndicate nothing of it
        view = SyndicateView(
            address=row.syndicate,
            **vars(its),
            principal_out=Amount.of(position["principalOut"], currency),
            impairment=Amount.of(position["impairment"], currency),
            lost=Amount.of(position["lost"], currency),
            listed_at=moment(row.listed_at),
        )
        found.setdefault(row.pool, []).append(view)
    return found


def _syndicate(chain: Chain, address: str) -> Syndicate:
    return Syndicate(chain.node, "syndicate", ChecksumAddress(HexAddress(HexStr(address))))


def _shares(session: Session, chain: Chain, sources: list[str]) -> dict[str, dict[str, _Shares]]:
    """Of each source its members (by address) with their shares; of what is no syndicate nobody."""
    asked = [ask(_syndicate(chain, source), "members") for source in sources]
    return {
        source: {
            member["pool"]: _Shares(member["fundingBps"], member["lossBps"], member["feeBps"])
            for member in members or ()
        }
        for source, members in zip(sources, _answers(session, chain, asked), strict=True)
    }


def _answers(session: Session, chain: Chain, questions: list[Question]) -> list[Any]:
    """As of the block that the database has; None from a contract that has no such view. A GatewayError where the node
    does not answer."""
    block = indexed_block(session)
    try:
        told = chain.node.try_batch([question.request(block) for question in questions])
        return [_read(question, answer) for question, answer in zip(questions, told, strict=True)]
    except ChainError as error:
        raise of_chain(error) from error


def _read(question: Question, answer: Any) -> Any:
    if isinstance(answer, ContractReverted) or answer == "0x":
        return None
    if isinstance(answer, ChainError):
        raise answer
    return question.read(answer)
