"""`POST /v1/financings`: from an invoice or an order to cash in one call, by way of a quote, or without one."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlmodel import Session

from api.acting import Acting
from api.deps import SettingsDep, Written, writes
from api.financings import acts
from api.financings.schemas import FinancingRequest, FinancingWritten, Opening
from api.network_key import NetworkKeyDep
from api.quotes import service as quotes
from api.quotes.models import QuoteRow
from api.quotes.offer import Offer
from api.sandbox.deps import SandboxDep
from api.sandbox.schemas import Simulation
from api.sandbox.service import Sandbox
from api.settings import QuoteSettings
from api.transactions.schemas import transaction_views
from api.values import PositiveAmount
from chain_node.references import NetworkKey

Supplier = Annotated[Acting, Depends(writes("financings:write"))]


@dataclass(frozen=True)
class OneCall:
    """Who asks, with what a quote takes."""

    supplier: Acting
    key: NetworkKey
    settings: QuoteSettings
    sandbox: Sandbox

    def answer(self, asked: FinancingRequest) -> Written:
        """A quote only (201), or with what opens the financing (202, then 201): see `FinancingRequest`."""
        if asked.sandbox is not None:
            self.sandbox.require_on()
        if asked.quote_id is not None:
            return self._accept(asked.quote_id, asked.sandbox)
        if asked.is_direct:
            sent = acts.open_financing(self.supplier, self.key, asked.opening())
            return self._opened(sent, None, self._simulated(asked.receivable_id, asked.order_id, asked.sandbox))
        found = quotes.best(self.supplier, self.key, asked)
        if not asked.accept:
            quote = quotes.keep(self.supplier, self.settings, found)
            return Written(self.supplier.session, lambda session: _quoted(session, quote), 201)
        # The transactions are stored before the quote's row: their trial then holds no lock.
        sent, simulated = self._open(found, asked.sandbox)
        quote = quotes.keep(self.supplier, self.settings, found)
        quotes.mark_accepted(self.supplier.session, quote, sent)
        return self._opened(sent, quote, simulated)

    def accept(self, quote_id: str) -> Written:
        """Compares the quote's terms with the chain's once more, and opens its financing."""
        return self._accept(quote_id, None)

    def _accept(self, quote_id: str, simulation: Simulation | None) -> Written:
        quote = quotes.find(self.supplier.session, self.supplier.principal, quote_id)
        found = quotes.recheck(self.supplier, self.key, quote)
        sent, simulated = self._open(found, simulation)
        quotes.mark_accepted(self.supplier.session, quote, sent)
        return self._opened(sent, quote, simulated)

    def _open(self, found: Offer, simulation: Simulation | None) -> tuple[list[str], list[str]]:
        opening = _opening(found)
        sent = acts.open_financing(self.supplier, self.key, opening)
        return sent, self._simulated(opening.receivable_id, opening.order_id, simulation)

    def _simulated(self, receivable_id: str | None, order_id: str | None, asked: Simulation | None) -> list[str]:
        """Witnesses have keys of their own: whether their facts come before the opening or after it, the same is
        drawn."""
        if asked is None:
            return []
        goods = self.sandbox.goods_of(self.supplier, receivable_id, order_id)
        return self.sandbox.simulate(self.supplier, goods, asked)[0]

    def _opened(self, sent: list[str], quote: QuoteRow | None, simulated: list[str]) -> Written:
        supplier, quote_id = self.supplier, quote.id if quote else None

        def view(session: Session) -> FinancingWritten:
            written = acts.opened(session, supplier.chain, sent)
            written.transactions += transaction_views(session, simulated)
            if quote_id is not None:
                written.quote = quotes.view(session, quotes.find(session, supplier.principal, quote_id))
            return written

        return supplier.written(view)


def _opening(found: Offer) -> Opening:
    item = found.its.item
    return Opening(
        facility_id=str(found.its.facility.number),
        receivable_id=item.id if item.kind == "receivable" else None,
        order_id=item.id if item.kind == "order" else None,
        amount=PositiveAmount(amount=str(item.units), currency=item.currency),
        on_acceptance_only=found.wish.on_acceptance_only,
    )


def _quoted(session: Session, quote: QuoteRow) -> FinancingWritten:
    return FinancingWritten(id=None, financing=None, quote=quotes.view(session, quote), transactions=[])


async def _one_call(supplier: Supplier, key: NetworkKeyDep, settings: SettingsDep, sandbox: SandboxDep) -> OneCall:
    return OneCall(supplier, key, settings.quotes, sandbox)


OneCallDep = Annotated[OneCall, Depends(_one_call)]
