"""A node and a relay that may lie: what it signs, what it sends by itself, and that nothing counts twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from oracle_bench import Bench
from oracle_fakes import (
    NODE_ACCOUNT,
    NOON,
    ORDER,
    OTHER_SUBJECT,
    SUBJECT,
    WAREHOUSE,
    declared_error,
    epcis,
    epcis_event,
    keyed,
)

from chain_node.client import Fact, FactStatus, Milestone, Observation
from oracles.chain import CountedVotes, Key
from oracles.checkpoints import LIST_POINTS, VOTE_POINTS, Point
from oracles.relay.messages import Answer, LeftOut, Offer, answer_signer, item_of, list_id, offer_signer
from oracles.rules.lists import key_of
from oracles.store.bundles import BundleRow
from oracles.store.models import EventStatus, ObservationStatus, SubmissionStatus

AT = int(NOON.timestamp()) - 3600
OWN = Observation(SUBJECT, int(Milestone.RECEIVED), 1, AT, 950_000)
PATIENCE = 3.0


@pytest.fixture
def bench(tmp_path) -> Bench:
    """A node that uses a relay, which the test plays."""
    bench = Bench(tmp_path)
    bench.settings_changes = {"bundling": {"urls": ["http://127.0.0.1:1"], "patience_seconds": PATIENCE}}
    bench.restart()
    return bench


def said(bench: Bench) -> list[Offer | Answer]:
    """What the node has for the relay, taken out."""
    assert bench.mail is not None
    found = []
    while (message := bench.mail.next()) is not None:
        found.append(message)
    return found


def decided(bench: Bench) -> Bench:
    """One paper is in, decided and offered."""
    bench.drop("receiving.json", epcis(epcis_event()))
    bench.turn()
    return bench


def propose(bench: Bench, *items: Observation) -> list[Answer]:
    """The relay proposes a list; what the node answers."""
    said(bench)
    bench.mail.proposed([list(items)], [])
    bench.turn(0.1)
    return [message for message in said(bench) if isinstance(message, Answer)]


def bring_on_chain(bench: Bench, *items: Observation, by: int = WAREHOUSE.organisation, final: bool = False) -> None:
    """As a bundle of the relay that was mined."""
    bench.chain.block += 1
    for item in items:
        key = Key(item.subject, item.milestone, item.sequence)
        bench.chain.voted.setdefault(key, []).append(by)
        bench.chain.counted_votes.append(CountedVotes(key, bench.chain.block, frozenset({by}), final))


def statuses(bench: Bench) -> tuple[list[str], list[str]]:
    return [row.status for row in bench.observations()], [row.status for row in bench.submissions()]


# What a lying relay gets


FOREIGN = replace(OWN, subject=OTHER_SUBJECT)


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param([replace(OWN, quantity=950_001)], id="more than the papers have"),
        pytest.param([replace(OWN, quantity=900_000)], id="much less"),
        pytest.param([replace(OWN, quantity=0)], id="a measured quantity left away"),
        pytest.param([replace(OWN, occurred_at=AT - 1)], id="earlier"),
        pytest.param([replace(OWN, occurred_at=AT + 86_401)], id="much later"),
        pytest.param([replace(OWN, occurred_at=AT + 3_901)], id="in the future"),
        pytest.param([replace(OWN, sequence=2)], id="another delivery"),
        pytest.param([replace(OWN, milestone=int(Milestone.LOST))], id="another milestone"),
        pytest.param([replace(OWN, milestone=77)], id="an unknown milestone"),
        pytest.param([FOREIGN], id="a foreign subject"),
        pytest.param([replace(FOREIGN, sequence=number) for number in range(1, 65)], id="a long list of others"),
    ],
)
def test_list_that_the_papers_do_not_support_is_not_signed(bench, lie):
    decided(bench)

    assert propose(bench, *lie) == []

    assert statuses(bench) == ([ObservationStatus.DECIDED], [])
    bench.settle()
    assert [(key.subject, quantity) for key, quantity, _ in bench.chain.counted] == [(SUBJECT, 950_000)]
    assert statuses(bench) == ([ObservationStatus.COUNTED], [SubmissionStatus.SETTLED])


def test_only_items_that_the_papers_support_are_marked(bench):
    decided(bench)

    (answer,) = propose(bench, FOREIGN, OWN, replace(OWN, sequence=2))

    assert int(answer.mask, 16) == 0b010
    assert (
        answer_signer(
            bench.chain.chain_id, bench.chain.oracle_address, [FOREIGN, OWN, replace(OWN, sequence=2)], answer
        )
        == bench.submissions()[0].signer
    )


def test_another_list_for_the_same_fact_is_not_signed(bench):
    """To each node its own list, or one after the other: the second gets no signature, whatever it says."""
    decided(bench)
    propose(bench, OWN)

    assert propose(bench, replace(OWN, quantity=945_000)) == []
    assert propose(bench, replace(OWN, occurred_at=AT + 60)) == []
    assert propose(bench, FOREIGN, OWN) == []
    assert len(bench.submissions()) == 1


def test_list_that_is_proposed_again_gets_the_same_answer(bench):
    decided(bench)

    first, second = propose(bench, OWN), propose(bench, OWN)

    assert first == second != []
    assert len(bench.submissions()) == 1


def test_old_list_that_is_replayed_after_its_fact_is_not_signed_again(bench):
    decided(bench)
    propose(bench, OWN)
    bring_on_chain(bench, OWN)
    bench.turn()

    assert propose(bench, OWN) == []
    bench.settle()
    assert bench.chain.sent == []


def test_relay_that_withholds_delays_by_the_patience_and_no_more(bench):
    decided(bench)

    bench.turn(PATIENCE - 1.5)
    assert bench.chain.sent == []
    bench.turn(1.5)

    assert len(bench.chain.sent) == 1
    bench.settle()
    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]


def test_relay_that_takes_the_vote_and_drops_it_delays_by_the_patience(bench):
    """The node sends the very list that it has signed, with its own vote alone."""
    decided(bench)
    items = [FOREIGN, replace(OWN, quantity=945_000)]
    (answer,) = propose(bench, *items)

    bench.turn(PATIENCE)
    bench.chain.mine()
    bench.turn()

    ((observations, votes),) = bench.chain.calls.values()
    assert list(observations) == items
    assert [(vote.mask, vote.signature.hex()) for vote in votes] == [(0b10, answer.signature)]
    assert [(key, quantity) for key, quantity, _ in bench.chain.counted] == [(key_of(OWN), 945_000)]
    assert statuses(bench) == ([ObservationStatus.COUNTED], [SubmissionStatus.SETTLED])


def test_vote_that_the_relay_refuses_is_sent_at_once(bench):
    decided(bench)
    propose(bench, OWN)

    bench.mail.not_taken(list_id([OWN]))
    bench.turn(0.1)

    assert len(bench.chain.sent) == 1


def test_relay_that_sends_a_vote_twice_makes_it_count_once(bench):
    decided(bench)
    propose(bench, OWN)
    bring_on_chain(bench, OWN)
    bring_on_chain(bench, OWN)

    bench.settle()

    assert bench.chain.sent == []
    assert statuses(bench) == ([ObservationStatus.COUNTED], [SubmissionStatus.SETTLED])


def test_flood_of_lists_is_not_kept(bench):
    decided(bench)

    bench.mail.proposed([[replace(FOREIGN, sequence=number)] for number in range(1, 5_000)], [])

    assert len(bench.mail.lists()) < 500


def test_figures_that_others_contradict_are_raised_once(bench, capsys):
    decided(bench)
    left_out = LeftOut(observation=item_of(OWN), reason="witnesses differ")
    for _ in range(3):
        bench.mail.proposed([[replace(OWN, quantity=900_000)]], [left_out])
        bench.turn(0.1)

    lines = [line for line in capsys.readouterr().out.splitlines() if "others report otherwise" in line]
    assert len(lines) == 1
    assert "operator_action_required" in lines[0]


# Without a relay


def test_what_was_decided_is_offered_once_and_signed(bench):
    decided(bench)

    (offer,) = said(bench)
    assert isinstance(offer, Offer)
    assert [item.observation() for item in offer.observations] == [OWN]
    assert offer_signer(bench.chain.chain_id, bench.chain.oracle_address, offer) == NODE_ACCOUNT.address
    assert bench.submissions() == []
    bench.turn(0.1)
    assert said(bench) == []


def test_node_whose_relay_is_away_sends_by_itself_at_once(bench):
    bench.mail.set_away("refused")

    decided(bench)

    assert len(bench.chain.sent) == 1
    assert said(bench) == []


def test_relay_that_goes_away_lets_go_of_what_it_was_offered(bench):
    decided(bench)
    assert bench.chain.sent == []

    bench.mail.set_away("it died")
    bench.turn(0.1)

    assert len(bench.chain.sent) == 1


def test_vote_on_a_list_waits_for_the_chain_although_the_relay_went_away(bench):
    """It may have sent the bundle before."""
    decided(bench)
    propose(bench, OWN)

    bench.mail.set_away("it died")
    bench.turn(0.1)
    assert bench.chain.sent == []
    bring_on_chain(bench, OWN)
    bench.settle()

    assert bench.chain.sent == []
    assert statuses(bench)[0] == [ObservationStatus.COUNTED]


def test_relay_that_is_back_is_used_again(bench):
    bench.mail.set_away("refused")
    decided(bench)
    bench.mail.set_away("")

    bench.drop("departing.json", epcis(epcis_event("departing")))
    bench.turn()

    (offer,) = said(bench)
    assert [item.observation().milestone for item in offer.observations] == [Milestone.DEPARTED]


def test_fact_that_stands_without_this_node_costs_it_nothing(bench):
    decided(bench)
    propose(bench, OWN)
    key = key_of(OWN)
    bring_on_chain(bench, OWN, by=99, final=True)
    bench.chain.facts[key] = Fact(950_000, 950_000, AT, AT + 60, 1, 2, FactStatus.FINAL)

    bench.settle()

    assert bench.chain.sent == []
    assert [(row.status, row.reason) for row in bench.observations()] == [(ObservationStatus.REFUSED, "ALREADY_FINAL")]
    assert bench.event.status == EventStatus.VOUCHED


def test_fact_that_came_into_dispute_meanwhile_is_held_for_the_operator(bench):
    decided(bench)
    bench.chain.facts[key_of(OWN)] = Fact(700_000, 940_000, AT, 0, 1, 2, FactStatus.DISPUTED)

    bench.settle()

    assert bench.chain.sent == []
    assert bench.event.status == EventStatus.HELD


def test_vote_that_the_relay_has_is_taken_back_once_it_is_on_chain(bench):
    """The retraction shows the list that was signed, with the fact's place in it."""
    decided(bench)
    propose(bench, FOREIGN, OWN)
    bench.drop("error.json", epcis(declared_error(epcis_event())))
    bench.turn(0.1)
    assert bench.chain.sent == []

    bring_on_chain(bench, OWN)
    bench.settle()

    assert [key for key, _ in bench.chain.retracted] == [key_of(OWN)]
    assert [its.place for its in bench.chain.withdrawals.values()] == [1]


def test_correction_before_a_list_was_signed_withdraws(bench):
    decided(bench)

    bench.drop("error.json", epcis(declared_error(epcis_event())))
    bench.turn(0.1)

    assert propose(bench, OWN) == []
    bench.settle()
    assert bench.chain.sent == []
    assert bench.event.status == EventStatus.WITHDRAWN


def test_list_vanishes_with_its_block_and_is_sent_again(bench):
    """Confirmations: what lies less deep may be gone after a reorganisation."""
    bench.settings_changes = bench.settings_changes | {"confirmations": 3}
    bench.restart()
    decided(bench)
    propose(bench, OWN)
    bring_on_chain(bench, OWN)
    bench.turn(0.1)
    assert statuses(bench)[0] == [ObservationStatus.SIGNED]

    bench.chain.counted_votes.clear()
    bench.chain.voted.clear()
    bench.turn(PATIENCE)
    for _ in range(4):
        bench.chain.mine()
        bench.turn(1)

    assert [quantity for _, quantity, _ in bench.chain.counted] == [950_000]
    assert statuses(bench) == ([ObservationStatus.COUNTED], [SubmissionStatus.SETTLED])


# Death


class Died(BaseException):
    """Stands for SIGKILL."""


def dying_at(point: Point):
    left = [1]

    def checkpoint(reached: Point) -> None:
        if reached is point and left[0]:
            left[0] -= 1
            raise Died(point)

    return checkpoint


def through_the_relay(bench: Bench, brings: bool) -> None:
    """One paper through an honest relay, or one that drops the votes, on and on until all is settled."""
    for _ in range(6):
        bench.turn(1)
        for message in said(bench):
            items = [OWN]
            if isinstance(message, Offer):
                bench.mail.proposed([items], [])
            elif brings and not bench.chain.counted_votes:
                bring_on_chain(bench, *items)
        bench.chain.mine()
    bench.settle()


DEATHS = [(point, True) for point in sorted(LIST_POINTS)] + [
    (point, False) for point in sorted(LIST_POINTS | VOTE_POINTS)
]


@pytest.mark.parametrize(("point", "brings"), DEATHS)
def test_node_that_dies_anywhere_has_one_vote_on_chain(bench, point, brings):
    bench.restart(dying_at(point))
    bench.drop("receiving.json", epcis(epcis_event()))
    try:
        through_the_relay(bench, brings)
    except Died:
        bench.restart()
        through_the_relay(bench, brings)

    assert bench.chain.voted == {key_of(OWN): [WAREHOUSE.organisation]}
    assert statuses(bench)[0] == [ObservationStatus.COUNTED]
    assert {row.status for row in bench.submissions()} == {SubmissionStatus.SETTLED}
    assert len(bench.rows(BundleRow)) == 1


@pytest.mark.parametrize("brings", [True, False], ids=["honest", "dropping"])
def test_every_new_point_is_passed(bench, brings):
    passed = set()
    bench.restart(passed.add)
    bench.drop("receiving.json", epcis(epcis_event()))

    through_the_relay(bench, brings)

    honest = LIST_POINTS - {Point.LIST_TAKING_BACK, Point.LIST_TAKEN_BACK}
    dropping = LIST_POINTS - {Point.LIST_SETTLED}
    assert (honest if brings else dropping) <= passed


def test_node_that_died_before_its_signature_was_stored_sends_what_it_is_bound_to(bench):
    """The protection store has the list's figures, the database nothing, and the relay does not come back."""
    bench.restart(dying_at(Point.LIST_BOUND))
    decided(bench)
    with pytest.raises(Died):
        propose(bench, replace(OWN, quantity=945_000))

    bench.restart()
    bench.mail.set_away("it died too")
    bench.settle()

    assert [quantity for _, quantity, _ in bench.chain.counted] == [945_000]
    assert bench.event.status == EventStatus.VOUCHED


def test_signed_list_is_told_again_after_a_restart(bench):
    decided(bench)
    (answer,) = propose(bench, OWN)

    bench.restart()
    bench.turn(0.1)

    assert said(bench) == [answer]


def test_two_instances_on_copies_of_one_database_have_one_effect(bench, tmp_path):
    """The second was restored from a backup while the first still runs: both sign the same, and the network counts
    one."""
    decided(bench)
    (tmp_path / "copy").mkdir()
    for name in ("node.db", "protection.db"):
        copy = tmp_path / "copy" / name
        with closing(sqlite3.connect(tmp_path / name)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    copied = Bench(tmp_path / "copy", chain=bench.chain)
    copied.settings_changes = bench.settings_changes
    copied.restart()
    copied.turn()
    answers = [propose(its, OWN) for its in (bench, copied)]

    for its in (bench, copied):
        its.turn(PATIENCE)
        bench.chain.mine()
        its.settle()

    assert answers[0] == answers[1] != []
    assert bench.chain.voted == {key_of(OWN): [WAREHOUSE.organisation]}


def test_orders_of_other_consignments_are_offered_together(bench):
    for number in range(3):
        bench.chain.link("order", f"PO-{number}", bytes([number + 10]) * 32)
        bench.chain.beneficiaries[bytes([number + 10]) * 32] = 3
    assert keyed("order", ORDER) in bench.chain.links
    bench.drop("events.json", epcis(*(epcis_event(order=f"PO-{number}") for number in range(3))))
    bench.turn()

    (offer,) = said(bench)
    assert len(offer.observations) == 3
