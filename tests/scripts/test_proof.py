"""What the proof tooling makes of the tools' output."""

import json
from pathlib import Path

import pytest

from scripts.proof import gas, invariants, slither
from scripts.proof.forge import Outcome, read_results
from scripts.proof.slither import Accepted, Finding, SlitherFailed


def outcome(name: str, passed: bool = True, lines: tuple[str, ...] = (), **kind: dict[str, int]) -> Outcome:
    return Outcome("Suite.t.sol:Suite", name, passed, "", dict(kind), lines)


def campaign(name: str, passed: bool = True) -> Outcome:
    return outcome(name, passed, Invariant={"runs": 3, "calls": 30, "reverts": 1})


def finding(place: str, check: str = "timestamp", impact: str = "Low") -> Finding:
    return Finding(check, impact, place, "what slither says")


def test_forge_results_are_read_by_suite_and_name() -> None:
    result = {"status": "Failure", "reason": "no", "kind": {"Unit": {"gas": 7}}, "decoded_logs": ["a", "b"]}

    found = read_results(
        {"b.t.sol:B": {"test_results": {"test_two(uint256)": result}}, "a.t.sol:A": {"test_results": {}}}
    )

    assert found == [Outcome("b.t.sol:B", "test_two", False, "no", {"Unit": {"gas": 7}}, ("a", "b"))]


# Invariants


def test_invariant_that_two_suites_inherit_is_their_sum_and_holds_in_both() -> None:
    found = invariants.gather([campaign("invariant_a"), campaign("invariant_a", passed=False), campaign("invariant_b")])

    assert found == {
        "invariant_a": invariants.Campaign(6, 60, 2, False),
        "invariant_b": invariants.Campaign(3, 30, 1, True),
    }


def test_failed_set_up_is_no_invariant() -> None:
    assert invariants.gather([outcome("setUp", passed=False)]) == {}


def test_invariants_report_has_the_agreed_shape(tmp_path: Path) -> None:
    invariants.write_report(tmp_path / "new" / "report.json", invariants.gather([campaign("invariant_a")]))

    report = json.loads((tmp_path / "new" / "report.json").read_text())
    assert report == {"invariant_a": {"runs": 3, "calls": 30, "reverts": 1, "ok": True}}


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([campaign("invariant_a")], 0),
        ([campaign("invariant_a", passed=False)], 1),
        ([campaign("invariant_a"), outcome("setUp", passed=False)], 1),
        ([], 1),
    ],
    ids=["all hold", "one broke", "a set-up failed", "none ran"],
)
def test_invariants_command_fails_unless_all_hold(
    results: list[Outcome], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "run_tests", lambda arguments: results)

    assert invariants.run_command(tmp_path / "report.json") == status


# Gas


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two operations, one of them with peers, on a page of its own."""
    lines = ("gas|zero|21000|30000", "something else", "gas|register|80000|95000")
    monkeypatch.setattr(gas, "run_tests", lambda arguments: [outcome("test_a", lines=lines)])
    monkeypatch.setattr(gas, "PEERS", {"register": "Huma 220k"})
    monkeypatch.setattr(gas, "PAGE", tmp_path / "gas.md")
    return tmp_path


def test_gas_is_written_to_report_and_page(measured: Path) -> None:
    assert gas.run_command(measured / "gas.json", check=False) == 0

    report = json.loads((measured / "gas.json").read_text())
    assert report == {"register": {"gas": 80_000, "budget": 95_000}, "zero": {"gas": 21_000, "budget": 30_000}}
    assert (
        "| register | 80,000 | 95,000 | 16% | Huma 220k |\n| zero | 21,000 | 30,000 | 30% |  |" in gas.PAGE.read_text()
    )


def test_gas_page_that_differs_is_refused_and_left_alone(measured: Path) -> None:
    gas.run_command(measured / "gas.json", check=False)
    gas.PAGE.write_text(gas.PAGE.read_text().replace("80,000", "79,999"))

    assert gas.run_command(measured / "gas.json", check=True) == 1
    assert "79,999" in gas.PAGE.read_text()


def test_gas_page_that_is_right_passes(measured: Path) -> None:
    gas.run_command(measured / "gas.json", check=False)

    assert gas.run_command(measured / "gas.json", check=True) == 0


def test_gas_above_its_budget_fails(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ("gas|register|95001|95000",)
    monkeypatch.setattr(gas, "run_tests", lambda arguments: [outcome("test_a", lines=lines)])

    assert gas.run_command(measured / "gas.json", check=False) == 1


@pytest.mark.parametrize(("gas_used", "code"), [(96_000, 0), (97_001, 1)])
def test_operation_that_misses_its_budget_is_named_and_gets_no_dearer(
    measured: Path, monkeypatch: pytest.MonkeyPatch, gas_used: int, code: int
) -> None:
    lines = (f"gas|register|{gas_used}|95000|97000",)
    monkeypatch.setattr(gas, "run_tests", lambda arguments: [outcome("test_a", lines=lines)])
    monkeypatch.setattr(gas, "PEERS", {"register": "Huma 220k"})

    assert gas.run_command(measured / "gas.json", check=False) == code
    assert "register: **over its budget**, held at 97,000." in gas.PAGE.read_text(encoding="utf-8")
    assert json.loads((measured / "gas.json").read_text()) == {"register": {"gas": gas_used, "budget": 95_000}}


def test_operation_of_the_list_that_nothing_measures_fails(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gas, "PEERS", {"register": "Huma 220k", "accept": "Huma 124k"})

    assert gas.run_command(measured / "gas.json", check=False) == 1


def test_operation_measured_twice_is_refused() -> None:
    twice = [outcome(f"test_{n}", lines=("gas|pay|1|2",)) for n in range(2)]

    with pytest.raises(ValueError, match="two tests measure: pay"):
        gas.gather(twice)


# slither


def test_finding_without_an_explanation_is_a_problem() -> None:
    problems = slither.judge([finding("Pool.draw"), finding("Pool.pay")], [Accepted("timestamp", ("Pool.pay",), "why")])

    assert len(problems) == 1
    assert "timestamp (Low) at Pool.draw" in problems[0]


def test_explanation_of_nothing_is_a_problem() -> None:
    accepted = [Accepted("timestamp", ("Pool.pay", "Desk.*"), "why")]

    assert slither.judge([finding("Pool.pay")], accepted) == [
        "contracts/slither.toml: timestamp at Desk.* is no longer found; take it out"
    ]


def test_glob_covers_low_findings_only() -> None:
    accepted = [Accepted("timestamp", ("Pool.*",), "why")]

    assert slither.judge([finding("Pool.pay")], accepted) == []
    assert len(slither.judge([finding("Pool.pay", impact="Medium")], accepted)) == 1


def test_place_names_all_that_is_around_it() -> None:
    contract = {"name": "Pool"}
    function = {"name": "pay", "type_specific_fields": {"parent": contract}}
    variable = {"name": "amount", "type_specific_fields": {"parent": function}}

    assert slither.place_of(variable) == "Pool.pay.amount"


@pytest.mark.parametrize(
    "entry",
    [
        'check = "a"\nwhere = ["B"]',
        'check = "a"\nwhere = []\nbecause = "c"',
        'check = "a"\nwhere = ["B"]\nbecause = " "',
    ],
    ids=["no reason", "nowhere", "an empty reason"],
)
def test_entry_that_explains_nothing_is_refused(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "slither.toml"
    path.write_text(f"[[accepted]]\n{entry}\n")

    with pytest.raises(SlitherFailed, match="entry 1 needs check, where and because"):
        slither.read_accepted(path)


def test_every_accepted_finding_of_this_code_base_says_why() -> None:
    assert all(len(one.because) > 20 for one in slither.read_accepted(slither.ACCEPTED))
