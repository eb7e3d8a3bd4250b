"""UBL papers that come again under one number: which of them is signed, whatever the order in which they come."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle_bench import Bench
from oracle_fakes import ORDER, receipt_advice
from structlog.testing import capture_logs

from oracles.store.models import EventStatus
from oracles.store.versions import PaperVersionRow

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "logistics"
NAMES = """xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\""""


def advice(quantity: int, status: str = "9", issued: str = "11:00:00Z", **more: str) -> bytes:
    """Of goods that came at eight, whenever it was issued."""
    came = "<cbc:ActualDeliveryDate>2026-05-28</cbc:ActualDeliveryDate>"
    came += "<cbc:ActualDeliveryTime>08:00:00Z</cbc:ActualDeliveryTime>"
    shipment = f"<cac:Shipment><cac:Delivery>{came}</cac:Delivery></cac:Shipment><cac:ReceiptLine>"
    text = receipt_advice((quantity, 0), status=status, **more).decode().replace("11:00:00Z", issued)
    return text.replace("<cac:ReceiptLine>", shipment, 1).encode()


def carried(*codes: str, status: str = "9", issued: str = "11:00:00Z", complete: str = "true") -> bytes:
    """A transportation status of the order's consignment, known by its shipping order."""
    events = "".join(
        f"<cac:TransportEvent><cbc:OccurrenceDate>2026-05-28</cbc:OccurrenceDate>"
        f"<cbc:OccurrenceTime>08:00:00Z</cbc:OccurrenceTime><cbc:TransportEventTypeCode>{code}"
        f"</cbc:TransportEventTypeCode><cbc:CompletionIndicator>{complete}</cbc:CompletionIndicator>"
        "</cac:TransportEvent>"
        for code in codes
    )
    return f"""<TransportationStatus {NAMES}
  xmlns="urn:oasis:names:specification:ubl:schema:xsd:TransportationStatus-2">
  <cbc:ID>TS-1</cbc:ID><cbc:IssueDate>2026-05-28</cbc:IssueDate><cbc:IssueTime>{issued}</cbc:IssueTime>
  <cbc:ShippingOrderID>BK-1</cbc:ShippingOrderID><cbc:DocumentStatusCode>{status}</cbc:DocumentStatusCode>
  {events}</TransportationStatus>""".encode()


def shipped() -> bytes:
    return f"""<DespatchAdvice xmlns="urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2" {NAMES}>
  <cbc:ID>DA-1</cbc:ID><cbc:IssueDate>2026-05-28</cbc:IssueDate><cbc:IssueTime>11:00:00Z</cbc:IssueTime>
  <cac:OrderReference><cbc:ID>{ORDER}</cbc:ID></cac:OrderReference>
  <cac:Shipment><cac:Delivery><cac:Despatch><cbc:ActualDespatchDate>2026-05-28</cbc:ActualDespatchDate>
    <cbc:ActualDespatchTime>08:00:00Z</cbc:ActualDespatchTime></cac:Despatch></cac:Delivery></cac:Shipment>
  <cac:DespatchLine><cbc:ID>1</cbc:ID><cbc:DeliveredQuantity unitCode="C62">950</cbc:DeliveredQuantity>
  </cac:DespatchLine></DespatchAdvice>""".encode()


def takes_in(bench: Bench, *papers: bytes) -> None:
    """While the network is away: nothing is signed of one before the next is there."""
    bench.chain.away = True
    for number, paper in enumerate(papers):
        bench.drop(f"{number}.xml", paper)
        bench.turn()
    bench.chain.away = False
    bench.settle()


def counted(bench: Bench) -> list[int]:
    return [quantity for _, quantity, _ in bench.chain.counted]


def test_second_original_of_a_number_is_held(bench):
    with capture_logs() as logs:
        takes_in(bench, advice(1000), advice(950))

    assert counted(bench) == [1_000_000]
    assert [event.status for event in bench.events()] == [EventStatus.VOUCHED, EventStatus.HELD]
    assert "another original" in bench.events()[1].reason
    assert [line["event"] for line in logs if line.get("operator_action_required")] == ["paper held"]


def test_replacement_of_what_was_final_is_held_and_takes_nothing_back(bench):
    takes_in(bench, advice(1000, "22"), advice(950, "5", "11:30:00Z"))

    assert counted(bench) == [1_000_000]
    assert [event.status for event in bench.events()] == [EventStatus.VOUCHED, EventStatus.HELD]
    assert "declared final" in bench.events()[1].reason


def test_two_replacements_of_one_moment_are_not_chosen_from(bench):
    takes_in(bench, advice(1000), advice(950, "5"), advice(900, "5"))

    assert counted(bench) == [950_000]
    assert "replaced twice" in bench.events()[2].reason


def test_cancellation_counts_after_a_final_version_too(bench):
    takes_in(bench, advice(1000, "22"), advice(1, "1", "11:30:00Z"))

    assert counted(bench) == []
    assert bench.events()[0].status == EventStatus.WITHDRAWN


def test_answer_to_the_document_neither_triggers_nor_replaces(bench):
    takes_in(bench, advice(1000), advice(950, "5", "11:30:00Z", type_code="D"))

    assert counted(bench) == [1_000_000]


def test_replacement_that_says_the_same_changes_nothing(bench):
    takes_in(bench, advice(1000), advice(1000, "5", "11:30:00Z"), advice(1000, "22", "11:40:00Z"))

    assert counted(bench) == [1_000_000]
    assert len(bench.events()) == 1


def test_final_version_takes_the_place_of_the_original(bench):
    takes_in(bench, advice(1000), advice(950, "22", "11:30:00Z"))

    assert counted(bench) == [950_000]


def test_replacement_stands_by_itself_where_nothing_came_before(bench):
    takes_in(bench, advice(950, "5"))

    assert counted(bench) == [950_000]


def test_paper_that_is_replaced_back_counts_again(bench):
    takes_in(bench, advice(1000), advice(950, "5", "11:30:00Z"), advice(1000, "5", "11:40:00Z"))

    assert counted(bench) == [1_000_000]


def test_numbers_of_other_kinds_of_paper_are_others(bench):
    takes_in(bench, advice(1000), carried("24", status="5"), shipped())

    assert counted(bench) == [1_000_000]
    assert [row.status for row in bench.rows(PaperVersionRow)] == ["stands"] * 3


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_latest_issue_counts_in_whatever_order_they_come(bench, order):
    papers = [advice(1000), advice(950, "5", "11:20:00Z"), advice(900, "5", "11:40:00Z")]

    takes_in(bench, *(papers[place] for place in order))

    assert counted(bench) == [900_000]
    assert not [event for event in bench.events() if event.status == EventStatus.HELD]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(["9", "5", "22", "1"]), st.integers(10, 59)),
        min_size=1,
        max_size=6,
    )
)
def test_any_sequence_signs_one_account_at_most_and_none_that_was_cancelled_first(tmp_path_factory, drawn):
    bench = Bench(tmp_path_factory.mktemp("bench"))
    papers = [advice(900 + quantity, status, f"11:{minute}:00Z") for quantity, status, minute in drawn]

    takes_in(bench, *papers)

    assert len(counted(bench)) <= 1
    assert len(bench.archived()) == len(papers)
    if any(status == "1" for _, status, _ in drawn):
        assert counted(bench) == []


# The other papers


def test_despatch_advice_moves_nothing_whoever_holds_it(bench):
    takes_in(bench, shipped())

    assert bench.chain.sent == []
    assert bench.event.quantity == 950_000
    assert bench.event.reason == "not signed: 'despatched, as its sender says' is no milestone"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("13", "'collected from the shipper' is no milestone"),
        ("18", "'damaged' is no milestone"),
        ("20", "is no fact that moves money"),
        ("21", "'delivered, as its carrier says' is no milestone"),
        ("23", "is no fact that moves money"),
        ("27", "'despatched, as its sender says' is no milestone"),
    ],
)
def test_status_that_is_no_fact_of_the_goods_is_not_signed(bench, code, reason):
    takes_in(bench, carried(code))

    assert bench.event.status == EventStatus.NOT_SIGNED
    assert reason in bench.event.reason


def test_status_that_is_not_complete_is_an_estimate(bench):
    takes_in(bench, carried("24", complete="false"))

    assert bench.event.reason == "not signed: estimate"


def test_replaced_status_keeps_what_it_says_again_and_takes_back_the_rest(bench):
    takes_in(bench, carried("24", "1"), carried("24", "29", status="5", issued="11:30:00Z"))

    statuses = {event.activity.rpartition("/")[2]: event.status for event in bench.events()}
    assert statuses["1"] == EventStatus.WITHDRAWN
    assert EventStatus.WITHDRAWN not in (statuses["24"], statuses["29"])


def test_cancelled_status_takes_back_all_that_it_said(bench):
    takes_in(bench, carried("24", "1"), carried("29", status="1", issued="11:30:00Z"))

    assert {event.status for event in bench.events()} == {EventStatus.WITHDRAWN}


def test_every_official_sample_is_read_or_refused_for_a_reason(bench):
    if not SAMPLES.is_dir():
        pytest.skip("the official samples (../shared/data) are not beside this checkout")
    papers = sorted(SAMPLES.rglob("*.xml"))

    for number, paper in enumerate(papers):
        bench.drop(f"{number}.xml", paper.read_bytes())
    bench.settle()

    assert len(papers) == 11
    assert len(bench.archived()) == 11
    assert bench.quarantined() == []
    assert all(event.reason for event in bench.events())
    assert bench.chain.sent == []
