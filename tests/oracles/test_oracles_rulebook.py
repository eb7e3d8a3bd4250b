"""Rules as data: what a rules file may not say, and what a node makes of events by it."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_fakes import NOON, epcis, epcis_event, receipt_advice
from typer.testing import CliRunner

from chain_node.client import Milestone
from oracles.adapters import read_document
from oracles.canonical import Activity, CanonicalEvent, Kind, Standard
from oracles.cli import oracle_app
from oracles.errors import RulesInvalid
from oracles.rules.book import Rulebook
from oracles.rules.clashes import clashes
from oracles.rules.decisions import Verdict, paper_view
from oracles.rules.loading import built_in_rules, built_in_text, read_rules
from oracles.rules.tables import ATTESTABLE, KindRule
from oracles.store.models import EventStatus

RECEIVING = 'standard = "EPCIS 2.0"\ncode = "receiving"\n'
YARD = "urn:epc:id:sgln:4012345.00011.987"


def problems(text: str) -> list[str]:
    with pytest.raises(RulesInvalid) as refused:
        read_rules(text, Path("r.toml"))
    return list(refused.value.problems)


def rules(text: str) -> Rulebook:
    return read_rules(text, Path("r.toml"))


def kind(name: str, more: str = "", of: str = "received") -> str:
    return f'[[kind]]\nname = "{name}"\n{RECEIVING}kind = "{of}"\n{more}\n'


def paper(**more) -> CanonicalEvent:
    (event,) = read_document("paper", epcis(epcis_event(**more)), 1 << 20).events
    return event


# What is refused


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind = 1", "line 1: 'kind' must be tables, each under its own [[kind]]"),
        ("[kind]\nname = 1", "'kind' must be tables, each under its own [[kind]]"),
        ("[[rule]]\nname = 1", "line 1: 'rule' is not known; a rules file has [[kind]], [[milestone]], "),
        ("[[kind]", "is not TOML"),
        ("\n\n[[kind]]\nname = 'x'", "line 3: [[kind]] 1 'x': 'standard' is missing"),
        (kind("a", "colour = 1"), "line 6: [[kind]] 1 'a': 'colour' is not known"),
        (kind("a", of="goods"), "line 5: [[kind]] 1 'a': 'kind': input should be 'goods loaded'"),
        (kind("a").replace("receiving", "recieving"), "line 4: [[kind]] 1 'a': 'code': 'recieving' is no code of EPC"),
        (kind("a").replace("EPCIS 2.0", "EPCIS"), "line 3: [[kind]] 1 'a': 'standard': input should be 'EPCIS 2.0'"),
        (kind("a", 'traits = "leaden"'), "line 6: [[kind]] 1 'a': 'traits': 'leaden' is no trait; known are bill of"),
        (kind("a", "traits = []"), "'traits': the list is empty"),
        (kind("a", 'traits = ["laden", "laden"]'), "'traits': it lists something twice"),
        (kind("a", 'disposition = "fine"'), "'disposition': 'fine' is no disposition"),
        (kind("a", 'documents = "bill"'), "'documents': 'bill' is no type of document"),
        (kind("a", 'place = "gln:4012345000116"'), "'place': '4012345000116' is not a valid GLN: its check digit must"),
        (kind("a", 'party = "lei:5493001KJTIIGC8Y1R13"'), "'party': '5493001KJTIIGC8Y1R13' is not a valid LEI"),
        (kind("a", 'classifier = "maybe"'), "'classifier': input should be 'actual', 'estimate' or 'plan'"),
        (kind("a", 'unit = "kilo"'), "'unit': String should match pattern"),
        ('[[milestone]]\nkind = "lost"\nmilestone = "GONE"', "line 3: [[milestone]] 1: 'milestone': 'GONE' is no mile"),
        ('[[attest]]\nname = "a"\nmilestones = "ACCEPTED"', "'ACCEPTED' is no milestone to attest; they are ARRIVED"),
        ('[[attest]]\nname = "a"\nleast_quantity = 1.5', "'least_quantity': 1.5 is no quantity"),
        ('[[attest]]\nname = "a"\nleast_quantity = "x"', "'least_quantity': 'x' is no quantity"),
        ('[[attest]]\nname = "a"\nleast_quantity = "0.0001"', "'least_quantity': '0.0001' is no quantity"),
        ('[[attest]]\nname = "a"\nneeds = "letter"', "'needs': 'letter' is no kind of reference"),
        ('[[attest]]\nname = "a"\nmost_age_hours = 0', "'most_age_hours': input should be greater than 0"),
        ('[[attest]]\nname = "a"\ncode = "receiving"', "'code': a code needs its standard"),
        ('[[hold]]\nname = "a"', "line 1: [[hold]] 1 'a': 'reason' is missing"),
        (kind("a") + kind("b"), "line 7: [[kind]] 2 'b': it is never reached: 'a', before it, fits whatever it fits"),
        (kind("a") + kind("b", 'traits = "laden"'), "it is never reached: 'a'"),
        (kind("a", 'place = "x:1"') + kind("b", 'place = ["x:1", "x:2"]', "stored"), ""),
        (
            kind("a", 'place = "x:1"') + kind("b", 'traits = "laden"', "stored"),
            "line 7: [[kind]] 2 'b': it overlaps 'a': both fit some events, and neither is the narrower",
        ),
        (kind("a", 'place = "x:1"') + kind("a", 'place = "x:2"'), "line 8: [[kind]] 2 'a': another rule has this name"),
        (kind("a") + '[[milestone]]\nkind = "lost"\nmilestone = "LOST"', "it is never reached: no event is 'lost'"),
        (kind("a") + '[[milestone]]\nkind = "received"\nmilestone = "RECEIVED"\n' * 2, "supports a milestone already"),
        (
            kind("a")
            + '[[milestone]]\nkind = "received"\nmilestone = "RECEIVED"\n[[attest]]\nname = "b"\nmilestones = "LOST"',
            "[[attest]] 1 'b': no kind of event supports LOST",
        ),
        (
            '[[attest]]\nname = "a"\nplace = "x:1"\n[[attest]]\nname = "b"\nmilestones = "LOST"',
            "[[attest]] 2 'b': it overlaps 'a'",
        ),
    ],
)
def test_what_a_rules_file_may_not_say(text: str, problem: str) -> None:
    if not problem:
        # The narrower stands first.
        rules(text)
        return
    assert any(problem in found for found in problems(text)), problems(text)


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = kind("a", "colour = 1").replace("receiving", "x") + '[[hold]]\nname = "b"\n' + "[[attest]]\n"

    found = problems(text)

    assert [line.split(":")[0] for line in found] == ["line 4", "line 6", "line 7", "line 9"]


def test_a_table_in_a_long_text_is_no_table() -> None:
    text = '[[hold]]\nname = "a"\nreason = """\n[[hold]]\nname = 1\n"""\n[[hold]]\nname = "b"\n'

    assert problems(text) == ["line 7: [[hold]] 2 'b': 'reason' is missing"]


@given(st.text(alphabet='[]kindmlestoahr="\n #', max_size=80))
def test_any_text_is_a_rules_file_or_refused(text: str) -> None:
    try:
        found: object = rules(text)
    except RulesInvalid as refused:
        found = refused.problems
    assert found


# The rules that come with the program


def test_the_rules_of_the_program_are_good_and_cover_every_milestone() -> None:
    book = built_in_rules()

    assert {rule.milestone for rule in book.milestones} == ATTESTABLE == set(Milestone) - {Milestone.ACCEPTED}
    assert {rule.kind for rule in book.milestones} <= {rule.kind for rule in book.kinds}


def test_what_the_program_says_is_a_file_that_a_firm_can_begin_with(tmp_path: Path) -> None:
    shown = CliRunner().invoke(oracle_app, ["rules", "show"]).stdout
    (tmp_path / "rules.toml").write_text(shown)

    checked = CliRunner().invoke(oracle_app, ["rules", "check", str(tmp_path / "rules.toml")])

    assert shown == built_in_text()
    assert (checked.exit_code, "good (32 kind, 9 milestone, 0 attest, 0 hold)" in checked.stdout) == (0, True)


def test_the_check_names_the_file_and_every_problem(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(kind("a", "colour = 1\nweight = 2"))

    result = CliRunner().invoke(oracle_app, ["rules", "check", str(tmp_path / "rules.toml")])
    absent = CliRunner().invoke(oracle_app, ["rules", "check", str(tmp_path / "none.toml")])

    assert (result.exit_code, absent.exit_code) == (1, 1)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["line 6", "line 7"]
    assert "cannot be read" in absent.stderr


# The first that fits decides


CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "traits": st.sampled_from([("laden",), ("conformant",), ("laden", "conformant")]),
        "without": st.sampled_from([("laden",), ("conformant",)]),
        "disposition": st.sampled_from([("damaged",), ("damaged", "in_transit")]),
        "unit": st.sampled_from([("KGM",), ("KGM", "C62")]),
    },
)
EVENTS = [
    paper().model_copy(
        update={
            "activity": Activity(Standard.EPCIS, "receiving", frozenset(traits)),
            "disposition": disposition,
            "unit": unit,
        }
    )
    for traits in ((), ("laden",), ("conformant",), ("laden", "conformant"))
    for disposition in (None, "damaged", "in_transit")
    for unit in (None, "KGM", "C62")
]


@given(st.lists(st.tuples(CONDITIONS, st.sampled_from([Kind.RECEIVED, Kind.STORED])), min_size=2, max_size=4))
def test_rules_without_a_clash_are_all_reached_and_none_decides_by_chance(drawn) -> None:
    """Looked for another way: over every event that there could be."""
    found = [
        KindRule(name=str(number), standard=("EPCIS 2.0",), code=("receiving",), kind=its, **conditions)
        for number, (conditions, its) in enumerate(drawn)
    ]
    if list(clashes(found)):
        return
    reach = [{place for place, event in enumerate(EVENTS) if rule.fits(event)} for rule in found]

    for (one, first), (other, second) in itertools.combinations(zip(found, reach, strict=True), 2):
        assert not second or not second <= first, (one, other)
        if one.kind is not other.kind:
            assert not (first & second) or first <= second, (one, other)


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ('place = "gln:4012345000115"', True),
        ('place = "gln:4012345000115/987"', True),
        (f'place = "{YARD}"', True),
        ('place = "https://id.gs1.org/414/4012345000115/254/987"', True),
        ('place = "gln:4012345000115/9"', False),
        ('place = "unlocode:DEHAM"', False),
        ('party = "gln:4012345002256"', True),
        ('sender = "gln:4012345002256"', False),
        ('documents = "po"', True),
        ('documents = ["bol", "inv"]', False),
        ('unit = "C62"', True),
        ('unit = ["KGM", "TNE"]', False),
        ('disposition = "in_progress"', True),
        ('disposition = "damaged"', False),
        ('classifier = "actual"', True),
        ('classifier = "estimate"', False),
    ],
)
def test_conditions_on_what_else_the_event_says(condition: str, fits: bool) -> None:
    event = paper(
        readPoint={"id": YARD},
        disposition="in_progress",
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00225"}],
    )

    view = paper_view(event, rules(kind("a", condition)))

    assert (view.kind is Kind.RECEIVED) is fits
    assert view.rule == ("a" if fits else "")


# What this node attests


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ('milestones = "LOADED"', "no rule of this node attests RECEIVED for it"),
        ('place = "gln:4012345000115"', "no rule of this node attests RECEIVED for it"),
        ('standard = "UBL ReceiptAdvice"', "no rule of this node attests RECEIVED for it"),
        ('needs = ["order", "container"]', "rule 'ours' needs container, which the paper does not name"),
        ('measures = ["KGM", "TNE"]', "rule 'ours' measures in KGM or TNE, the paper C62"),
        ("least_quantity = 951", "rule 'ours' needs at least 951000 thousandths, the paper has 950000"),
        ('milestones = "RECEIVED"', ""),
        ('standard = "EPCIS 2.0"\nneeds = "order"\nmeasures = "C62"\nleast_quantity = "950"', ""),
    ],
)
def test_what_an_attest_rule_asks_for(rule: str, why: str) -> None:
    view = paper_view(paper(), rules(f'[[attest]]\nname = "ours"\n{rule}\n'))

    assert view.decision.reason.removeprefix("not signed: ") == (why or view.decision.reason)
    assert (view.decision.verdict is Verdict.SIGN) == (not why)


@pytest.fixture
def ruled(bench):
    def write(text: str):
        (bench.folder / "rules.toml").write_text(text)
        bench.settings_changes = {"rules": bench.folder / "rules.toml"}
        bench.restart()
        return bench

    return write


def test_a_node_does_not_start_with_bad_rules(ruled) -> None:
    with pytest.raises(RulesInvalid, match="line 1: 'x' is not known"):
        ruled("x = 1")


@pytest.mark.parametrize(("hours", "status"), [(1, EventStatus.NOT_SIGNED), (2, EventStatus.VOUCHED)])
def test_the_nodes_own_age_is_held_against_the_chains_clock(ruled, hours, status) -> None:
    bench = ruled(f'[[attest]]\nname = "fresh"\nmost_age_hours = {hours}\n')
    bench.drop("old.json", epcis(epcis_event(at=NOON - timedelta(minutes=90))))

    bench.settle()

    assert bench.event.status == status


def test_a_hold_rule_shows_the_event_to_the_operator_with_its_reason(ruled) -> None:
    bench = ruled('[[hold]]\nname = "damaged"\ndisposition = "damaged"\nreason = "weigh it again"\n')
    bench.drop("good.json", epcis(epcis_event("storing")))
    bench.drop("bad.json", epcis(epcis_event(disposition="damaged")))

    bench.settle()

    statuses = {row.activity: (row.status, row.reason) for row in bench.events()}
    assert statuses["storing"][0] == EventStatus.VOUCHED
    assert statuses["receiving"] == (EventStatus.HELD, "weigh it again (rule 'damaged')")


def test_what_waits_is_judged_by_new_rules_after_a_restart_and_what_is_signed_stays(ruled) -> None:
    bench = ruled("")
    bench.drop("signed.json", epcis(epcis_event()))
    bench.drop("waiting.json", epcis(epcis_event("storing", order="PO-LATER")))
    bench.settle()
    bench.chain.link("order", "PO-LATER")

    ruled('[[attest]]\nname = "loads only"\nmilestones = "LOADED"\n')
    bench.settle()

    signed, waited = bench.events()
    assert signed.status == EventStatus.VOUCHED
    assert (waited.status, waited.reason) == (
        EventStatus.NOT_SIGNED,
        "not signed: no rule of this node attests STORED for it",
    )
    assert len(bench.chain.counted) == 1


def test_settings_and_rules_must_both_attest_a_milestone(bench) -> None:
    (bench.folder / "rules.toml").write_text('[[attest]]\nname = "all"\n')
    bench.settings_changes = {"rules": bench.folder / "rules.toml", "milestones": ["LOADED"]}
    bench.restart()
    bench.drop("event.json", epcis(epcis_event()))

    bench.settle()

    assert bench.event.reason == "not signed: this node does not attest RECEIVED"


# Explained


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A node whose chain does not answer."""
    (tmp_path / "network.key").write_text("ab" * 32)
    contract = {"address": "0x" + "11" * 20, "contract": "MilestoneOracle"}
    deployments = {"network": "n", "chain_id": 1, "first_block": 1, "complete": True, "contracts": {"A": contract}}
    (tmp_path / "deployments.json").write_text(json.dumps(deployments))
    (tmp_path / "rules.toml").write_text(
        kind("goods in")
        + '[[milestone]]\nkind = "received"\nmilestone = "RECEIVED"\n'
        + '[[attest]]\nname = "counted"\nleast_quantity = 1\n'
        + '[[hold]]\nname = "much"\nunit = "KGM"\nreason = "weigh it again"\n'
    )
    config = tmp_path / "node.toml"
    config.write_text(
        'name = "w"\norganisation = "999900SOUNDERSURVY30"\nrpc_url = "http://127.0.0.1:1"\nrules = "rules.toml"\n'
        'deployments = "deployments.json"\nnetwork_key_file = "network.key"\ninbox = "inbox"\ndatabase = "node.db"\n'
    )
    return config


def explain(config: Path, data: bytes, *options: str) -> str:
    (config.parent / "paper").write_bytes(data)
    result = CliRunner().invoke(
        oracle_app, ["explain", "--config", str(config), str(config.parent / "paper"), *options]
    )
    assert result.exit_code == 0, result.output
    return result.stdout


def test_explain_names_the_rule_that_decided(config) -> None:
    text = explain(config, epcis(epcis_event(), epcis_event(quantity=None), epcis_event("storing")))

    assert [line.split(None, 1)[1] for line in text.splitlines() if line.startswith("   rule ")] == ["counted"] * 2
    assert "would not be signed: rule 'counted' needs at least 1000 thousandths, the paper has 0" in text
    assert "would not be signed: EPCIS 2.0: storing is no fact that moves money" in text


def test_explain_as_json_has_one_object_for_each_event(config) -> None:
    weighed = [{"epcClass": "a:b", "quantity": 5, "uom": "KGM"}]
    events = (epcis_event(readPoint={"id": YARD}), epcis_event(quantityList=weighed))

    found = [json.loads(line) for line in explain(config, epcis(*events), "--json").splitlines()]

    first, second = found
    assert (first["number"], first["kind_rule"], first["rule"]) == (1, "goods in", "counted")
    assert (first["verdict"], first["would_be_signed"], first["milestone"]) == ("wait", False, "RECEIVED")
    assert first["event"]["place"] == {"id": YARD, "scheme": "gln", "code": "4012345000115/987"}
    assert (second["rule"], second["verdict"], second["reason"]) == ("much", "hold", "weigh it again (rule 'much')")
    assert first["network_away"]


def test_explain_reads_every_paper_with_the_rules(config) -> None:
    text = explain(config, receipt_advice())

    assert "would not be signed: UBL ReceiptAdvice: ReceiptAdvice/S is no fact that moves money" in text
