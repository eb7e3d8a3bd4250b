"""Where a facility's money comes from: a pool of the network, or another contract, such as a syndicate of pools."""

from collections.abc import Iterable

from eth_typing import ChecksumAddress, HexAddress, HexStr
from sqlmodel import Session

from api.figures import Figures, ask
from chain_node.client import Chain, Pool

NO_CURRENCY = "XXX"
"""ISO 4217 for none: of a source whose cash is not of this network."""


def currencies_of(session: Session, chain: Chain, sources: Iterable[str]) -> dict[str, str]:
    """What each source lends; those that the address book does not name are asked, all with one request."""
    names: dict[str, str] = {address: name for name, address in chain.addresses.addresses.items()}
    wanted = sorted(set(sources))
    strangers = [source for source in wanted if not names.get(source, "").startswith("LendingPool:")]
    # Every source answers `cash` as a pool does.
    questions = [
        ask(Pool(chain.node, "source of money", ChecksumAddress(HexAddress(HexStr(source)))), "cash")
        for source in strangers
    ]
    cash = Figures.at(session, chain).answers(questions) if questions else []
    named_by = {source: source for source in wanted} | dict(zip(strangers, cash, strict=True))
    return {source: names.get(named_by[source], "").partition(":")[2] or NO_CURRENCY for source in wanted}
