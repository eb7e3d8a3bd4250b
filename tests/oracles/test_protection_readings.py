"""Readings of a node whose database was restored: what was signed for a round binds until it can no longer count."""

from __future__ import annotations

from datetime import timedelta

from oracle_fakes import NOON, epcis, temperature
from test_oracles_readings import node  # noqa: F401
from test_protection import backup, restore

from oracles.store.models import ReadingRow, ReadingStatus

AT = NOON - timedelta(minutes=10)


def restored_after_signing(bench) -> None:
    """4 °C at 11:50 is signed and handed out; then the database is that of before, and the exchange is empty."""
    bench.turn()
    files = backup(bench)
    bench.drop("first.json", epcis(temperature(4.0, AT)))
    bench.turn()
    assert [row.status for row in bench.rows(ReadingRow)] == [ReadingStatus.PUBLISHED]
    restore(bench, files)
    for file in (bench.folder / "exchange").iterdir():
        file.unlink()


def only(bench) -> ReadingRow:
    (row,) = bench.rows(ReadingRow)
    return row


def test_other_value_of_the_same_moment_is_held_with_both_figures(node, capsys):  # noqa: F811
    restored_after_signing(node)

    node.drop("second.json", epcis(temperature(5.0, AT)))
    node.turn()

    assert only(node).status == ReadingStatus.HELD
    assert f"then 4000 at {int(AT.timestamp())}, now 5000" in only(node).reason
    assert "operator_action_required" in capsys.readouterr().out
    assert list((node.folder / "exchange").iterdir()) == []


def test_value_of_another_moment_waits_until_the_first_can_no_longer_count(node):  # noqa: F811
    restored_after_signing(node)

    node.drop("second.json", epcis(temperature(5.0, AT + timedelta(minutes=5))))
    node.turn()
    assert only(node).status == ReadingStatus.WAITING
    assert "then 4000" in only(node).reason

    node.chain.now = AT + timedelta(seconds=7_201)
    node.chain.mine()
    node.turn()
    assert only(node).status == ReadingStatus.PUBLISHED


def test_same_value_is_handed_out_again(node):  # noqa: F811
    restored_after_signing(node)

    node.drop("second.json", epcis(temperature(4.0, AT)))
    node.turn()

    assert only(node).status == ReadingStatus.PUBLISHED
    assert len(list((node.folder / "exchange").iterdir())) == 1
