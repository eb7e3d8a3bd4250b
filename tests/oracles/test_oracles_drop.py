"""What a source other than a file hands over: whole, once, and on disk before anybody is told."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from oracle_fakes import epcis, epcis_event

from oracles.checkpoints import DROP_POINTS
from oracles.sources.drop import Drop, source_of


class Died(BaseException):
    pass


def dying_at(point):
    def checkpoint(reached):
        if reached is point:
            raise Died

    return checkpoint


def test_same_bytes_are_one_file(tmp_path):
    drop = Drop(tmp_path, "dcsa")
    assert drop.put(b"{}", ".json") == drop.put(b"{}", ".json")
    assert drop.put(b"[]", ".json") != drop.put(b"{}", ".json")
    assert len(list(tmp_path.iterdir())) == 2


def test_same_bytes_from_many_at_once_are_one_whole_file(tmp_path):
    data, drop = b"x" * 500_000, Drop(tmp_path, "dcsa")
    with ThreadPoolExecutor(8) as pool:
        (name,) = set(pool.map(lambda _: drop.put(data, ".json"), range(32)))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == data


@pytest.mark.parametrize("point", sorted(DROP_POINTS))
def test_death_leaves_a_whole_file_or_none_that_the_inbox_takes(tmp_path, point):
    data = json.dumps({"large": "x" * 100_000}).encode()
    with pytest.raises(Died):
        Drop(tmp_path, "dcsa", dying_at(point)).put(data, ".json")
    assert all(path.read_bytes() == data for path in tmp_path.iterdir() if not path.name.startswith("."))
    name = Drop(tmp_path, "dcsa").put(data, ".json")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "source"), [("receiving.json", "inbox"), ("dcsa~ab12.json", "dcsa"), ("capture/17.json", "inbox")]
)
def test_name_tells_the_source(name, source):
    assert source_of(name) == source


def test_node_takes_what_was_handed_over(bench):
    name = Drop(bench.settings.inbox, "dcsa").put(epcis(epcis_event()), ".json")
    bench.node.cycle()
    assert not (bench.settings.inbox / name).exists()
    assert (bench.settings.archive / name).is_file()
