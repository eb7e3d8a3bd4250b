"""Goods as collateral through the typed client, on a real node."""

from __future__ import annotations

import pytest
from support.network import RunningNetwork

from chain_node.client import (
    FeedKind,
    GoodsGap,
    GoodsOffer,
    HaircutStep,
    MarginCall,
    MarginTerms,
    Valuation,
    ValuationTerms,
    Worth,
)
from chain_node.errors import reverts

pytestmark = pytest.mark.node

TERMS = MarginTerms(8000, 10_000, 10_500, 6000, 1000, 180, 86_400, 172_800)
NOBODY = "0x" + "00" * 20


def test_a_lenders_terms_read_as_they_were_set(own_network: RunningNetwork) -> None:
    stock = own_network.chain.inventory_collateral

    own_network.send("credit-officer", stock.set_margin_terms(7, TERMS))

    assert stock.margin_terms(7) == TERMS
    assert stock.margin_terms(8) == MarginTerms(0, 0, 0, 0, 0, 0, 0, 0)


def test_terms_without_a_price_are_refused_in_words(own_network: RunningNetwork) -> None:
    valuations, officer = own_network.chain.valuations, own_network.keys.address("credit-officer")
    steps = (HaircutStep(30, 500),)
    terms = ValuationTerms(bytes([7]) * 32, 1000, (0, 500, 1500, 3000, 6000, 10_000), steps, (), 30, 1 << FeedKind.DOOR)

    with pytest.raises(reverts.ValuationTermsInvalid, match=r"commodity .* cannot be valued so: their feed"):
        own_network.chain.simulate(valuations.set_terms("090111", terms), officer)

    assert valuations.terms_of("090111") == ValuationTerms(bytes(32), 0, (0,) * 6, (), (), 0, 0)


def test_a_financing_without_goods_reads_as_nothing(own_network: RunningNetwork) -> None:
    chain = own_network.chain
    stock, offer = chain.inventory_collateral, GoodsOffer(9, 1, 5, 100, NOBODY, 1)

    assert stock.worth_of(9) == Worth(0, 0, 0, GoodsGap.NONE)
    assert stock.margin_call_of(9) == MarginCall(0, 0, 0, 0)
    assert (stock.lots_of(9), stock.pledgor_of(9), stock.sale_price_of(9, 1, 5)) == ([], NOBODY, 0)
    assert not stock.is_offered(stock.offer_digest(offer))
    assert chain.valuations.valuation_of(1, NOBODY, 5, "EUR") == Valuation(0, 0, 0, 0, 0, 0, GoodsGap.NONE)
    with pytest.raises(reverts.PledgeUnknown):
        chain.simulate(stock.call_margin(9), own_network.keys.address("guardian"))
