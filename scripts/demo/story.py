"""The trade as its parties live it: one method a step, each through the gateway's door or a node's inbox."""

import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chain_node.client import FactStatus, Milestone, Refusal
from scripts.demo.checks import Checks
from scripts.demo.manifest import Paper, Party, RefusedPaper, Stage, Trade
from scripts.demo.money import Currency, from_thousandths, minor_of
from scripts.demo.second_key import CountedVote, vote_with_second_key
from scripts.demo.timeline import Timeline
from scripts.embedded import EmbeddedNetwork
from scripts.gateway_client import Credentials, GatewayClient, GatewayRefused
from standards.invoices import Invoice, parse_invoice
from standards.orders import parse_order

CASH_WAIT_SECONDS = 30.0
POLL_SECONDS = 0.005
WATERFALL = {
    "late_fees": "late fees to the pool",
    "fees": "fees to the operator",
    "interest": "interest to the lenders, senior first",
    "principal": "principal to the lenders, senior first",
    "reserve": "to the first-loss reserve",
}
MEDIA_TYPES = {".xml": "application/xml", ".pdf": "application/pdf"}


@dataclass
class Story:
    trade: Trade
    folder: Path
    network: EmbeddedNetwork
    timeline: Timeline
    checks: Checks
    operator: GatewayClient
    desks: dict[str, GatewayClient] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    event_to_cash_ms: dict[str, int] = field(default_factory=dict)
    receivable_id: str = ""
    financing_id: str = ""

    def __post_init__(self) -> None:
        self.invoice: Invoice = parse_invoice((self.folder / self.trade.invoice.file).read_bytes())
        self.currency = Currency(self.invoice.currency)

    # Opening

    def onboard(self) -> None:
        """Admits every party by LEI; those with an oracle role bring the key of their own node."""
        expires = self.trade.payment.at + timedelta(days=365)
        for name, party in self.trade.parties.items():
            account = self.network.node_account(name) if name in self.trade.nodes() else None
            answer = self.operator.post("/v1/participants", _admission(party, expires, account))
            self.accounts[name] = answer["account"]
            credentials = Credentials(answer["client_id"], answer["client_secret"])
            self.desks[name] = GatewayClient(self.network.gateway_url, credentials)
            self._tell("Operator", f"admits {party.name} as {party.role.lower()} ({party.lei})", answer)

    def fund(self) -> None:
        """Junior first: senior money is taken only on top of it."""
        lending, pool = self.trade.lending, self._pool()
        self._say("Pool", f"takes senior money while {pool['subordination_floor_bps'] / 100:g} % of all is junior")
        loses = "funds the junior tranche: loses first, has what senior leaves"
        self._deposit("junior", "junior", self.currency.minor(lending.junior_deposit), loses)
        earns = f"funds the senior tranche: paid first, {pool['senior_rate_bps'] / 100:g} % a year"
        self._deposit("lender", "senior", self.currency.minor(lending.deposit), earns)

    def _deposit(self, name: str, tranche: str, amount: int, what: str) -> None:
        self._issue_cash(name, amount)
        path = f"/v1/pools/{self.currency.code}/deposits"
        answer = self.desks[name].post(path, {"tranche": tranche, "amount": self.currency.json(amount)})
        self._tell(self._name(name), what, answer, amount)

    def grant_facility(self) -> str:
        lending = self.trade.lending
        ladder = [rung.model_dump() for rung in lending.ladder]
        body = {
            "supplier_lei": self.trade.parties["supplier"].lei,
            "currency": self.currency.code,
            "limit": self.currency.json(self.currency.minor(lending.limit)),
            "discount_rate_bps": lending.discount_rate_bps,
            "fee_bps": lending.fee_bps,
            "reserve_bps": lending.reserve_bps,
            "late_fee_bps": lending.late_fee_bps,
            "grace_days": lending.grace_days,
            "recourse": lending.recourse,
            "expires_at": (self.trade.payment.at + timedelta(days=30)).isoformat(),
            "ladders": {"receivable": ladder},
        }
        answer = self.operator.post("/v1/facilities", body)
        rate = f"{lending.discount_rate_bps / 100:g} % a year"
        limit = self.currency.minor(lending.limit)
        recourse = "with" if lending.recourse else "without"
        what = f"grants {self._name('supplier')} a facility at {rate}, {recourse} recourse"
        self._tell("Credit officer", what, answer, limit)
        return str(answer["id"])

    # Selling

    def sell(self) -> None:
        answer = self._upload(self.folder / self.trade.invoice.file)
        self.receivable_id = answer["receivable_id"]
        what = f"uploads invoice {self.invoice.number}, due {self.invoice.due_date}"
        self._tell(self._name("supplier"), what, answer, self.face_value)
        self._compare_with_order()
        self._sell_again()
        path = f"/v1/receivables/{self.receivable_id}/acceptance"
        answer = self.desks["debtor"].post(path, {"waive_set_off": True})
        self._tell(self._name("debtor"), "accepts it and waives set-off", answer)

    def open_financing(self, facility_id: str) -> None:
        body = {"facility_id": facility_id, "receivable_id": self.receivable_id}
        answer = self.desks["supplier"].post("/v1/financings", body)
        self.financing_id = answer["id"]
        self._tell(self._name("supplier"), "opens a financing on it", answer)

    # Travelling

    def travel(self, stage: Stage) -> None:
        """Moves the clock on, hands in what must be refused, then the papers, and times the way from the second paper,
        the first that can complete a quorum, to the cash."""
        self.network.set_clock(stage.at)
        for refused in [refused for refused in self.trade.refused if refused.before == stage.name]:
            self._hand_in_refused(refused)
        before = self._supplier_cash()
        first, *others = stage.papers
        since = self._hand_in(stage, first)
        if stage is self.trade.stages[-1] and others:
            self._vote_twice(stage)
        for number, paper in enumerate(others):
            handed_in = self._hand_in(stage, paper)
            since = handed_in if number == 0 else since
        self._await_cash(stage, before, since)

    def hasten(self, stage: Stage) -> None:
        """Hands in all papers of a stage at once, wherever between two blocks, and times the way to the cash."""
        before = self._supplier_cash()
        handed_in = [self._hand_in(stage, paper) for paper in stage.papers]
        self._await_cash(stage, before, handed_in[-1])

    def settle(self) -> None:
        self.network.set_clock(self.trade.payment.at)
        self._issue_cash("debtor", self.face_value)
        before = self._supplier_cash()
        path = f"/v1/receivables/{self.receivable_id}/payments"
        answer = self.desks["debtor"].post(path, {"amount": self.currency.json(self.face_value)})
        self._tell(self._name("debtor"), "pays the invoice", answer, self.face_value)
        repaid = self.financing()["repayments"][-1]
        for part, what in WATERFALL.items():
            if minor_of(repaid[part]):
                self._tell("Waterfall", what, answer, minor_of(repaid[part]))
        rest = self._supplier_cash() - before
        self._tell("Waterfall", f"the rest to {self._name('supplier')}", answer, rest)
        self.checks.record("waterfall_repays_in_the_paying_transaction", _same_transaction(answer, repaid))
        parts = sum(minor_of(repaid[part]) for part in WATERFALL)
        self.checks.record("waterfall_sums_to_the_payment", parts + rest == self.face_value)
        if self.trade.lending.reserve_bps:
            path = f"/v1/pools/{self.currency.code}/reserve"
            answer = self.operator.post(path, {})
            held = minor_of(answer["pool"]["reserve"]["held"])
            self._tell("Reserve", "holds this now: it bears losses before any lender does", answer, held)

    def wait_for_epoch(self) -> None:
        """In real time nobody is paid before the pool's epoch is over, which is longer than a demo: then the lender's
        money stays, and its worth is what its shares stand for."""
        closable_at = datetime.fromisoformat(self._pool()["closable_at"])
        name = self._name("lender")
        self._say("Pool", f"closes its epoch on {closable_at:%Y-%m-%d at %H:%M} UTC at the earliest: {name} stays in")

    def redeem(self) -> None:
        """The senior lender takes its money back: it hands its shares in, an epoch is closed, it claims."""
        path, lender = f"/v1/pools/{self.currency.code}", self.desks["lender"]
        answer = lender.post(f"{path}/redemption-requests", {"tranche": "senior"})
        worth = minor_of(self._pool()["tranches"]["senior"]["waiting_assets"])
        self._tell(self._name("lender"), "hands all its shares in; this is what they are worth", answer, worth)
        self.network.set_clock(datetime.fromisoformat(self._pool()["closable_at"]))
        answer = self.operator.post(f"{path}/epochs", {})
        promised = minor_of(answer["pool"]["set_aside"])
        self._tell("Servicer", "closes the epoch: requests are paid at one price, senior first", answer, promised)
        before = self._cash_of("lender")
        answer = lender.post(f"{path}/redemption-claims", {"tranche": "senior"})
        claimed = self._cash_of("lender") - before
        self._tell(self._name("lender"), "claims it", answer, claimed)
        self.checks.record("lender_claims_what_the_epoch_set_aside", 0 <= promised - claimed <= 1, f"{claimed}")
        self.checks.record("an_epoch_loses_the_lender_nothing", claimed >= worth, f"{claimed} for {worth}")

    # What the steps share

    @property
    def face_value(self) -> int:
        return self.invoice.payable

    def financing(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.desks["supplier"].get(f"/v1/financings/{self.financing_id}")
        return answer

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()

    def _upload(self, path: Path) -> Any:
        query = {"reference": self.trade.invoice.references}
        media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
        return self.desks["supplier"].upload("/v1/invoices", path.read_bytes(), media_type, query)

    def _sell_again(self) -> None:
        """A copy of the file under another name, and each of its twins: refused, and nothing is changed."""
        before = self._receivables()
        original = self.folder / self.trade.invoice.file
        copy = self.network.data_dir / f"another-name{original.suffix}"
        shutil.copyfile(original, copy)
        self._refuse_again(copy, "same_invoice_again_is_refused", f"a copy of {original.name}, {copy.name}")
        for twin in self.trade.invoice.twins:
            self._refuse_again(self.folder / twin, "same_invoice_as_another_file_is_refused", twin)
        self.checks.record("refused_invoice_changes_nothing", self._receivables() == before)

    def _refuse_again(self, path: Path, check: str, shown: str) -> None:
        try:
            self._upload(path)
        except GatewayRefused as refusal:
            refused = refusal.status == 409 and refusal.error == "receivable-exists"
            self.checks.record(check, refused, str(refusal))
            self._say("Gateway", f"refuses {shown}: {refusal.problem.get('detail', refusal.error)}")
        else:
            self.checks.record(check, False, f"{path.name} was taken a second time")

    def _receivables(self) -> Any:
        return self.desks["supplier"].get("/v1/receivables")

    def _compare_with_order(self) -> None:
        if self.trade.order is None:
            return
        order = parse_order((self.folder / self.trade.order).read_bytes())
        same = (order.number, order.quantity_thousandths()) == (
            self.invoice.order_reference,
            self.invoice.quantity_thousandths(),
        )
        self.checks.record("invoice_agrees_with_the_order", same)
        pieces = f"{from_thousandths(order.quantity_thousandths())} {order.unit or 'units'}"
        verdict = f"agree on {pieces}" if same else f"do not agree: ordered {pieces}"
        self._say("Papers", f"order {order.number} and invoice {verdict}")

    def _hand_in(self, stage: Stage, paper: Paper) -> float:
        """Returns the moment (monotonic seconds) from which the paper counts."""
        self._say(self._name(paper.party), f"reports {stage.milestone.lower()} ({paper.file})")
        moment = time.monotonic()
        self.network.drop(paper.party, self.folder / paper.file)
        return moment

    def _hand_in_refused(self, paper: RefusedPaper) -> None:
        before = (self._votes(), self._supplier_cash())
        target = self.network.drop(paper.party, self.folder / paper.file)
        outcome = self.network.outcome_of(paper.party, target)
        as_it_should = outcome.kind == ("quarantined" if paper.because == "malformed" else "not signed")
        unchanged = (self._votes(), self._supplier_cash()) == before
        self.checks.record(f"{paper.because}_paper_is_refused", as_it_should and unchanged, str(outcome))
        self._say(self._name(paper.party), f"node refuses {paper.file}: {outcome.reason}")

    def _vote_twice(self, stage: Stage) -> None:
        """The first organisation signs the same event with a second key of its own: still one organisation."""
        party = stage.papers[0].party
        vote = self._await_vote(stage, self.trade.parties[party])
        cash = self._supplier_cash()
        reason = vote_with_second_key(self.network, self.operator, self.trade.parties[party], vote)
        one = len(self._votes(stage.milestone)) == 1 and self._supplier_cash() == cash
        self.checks.record("one_organisation_counts_once", reason is Refusal.ALREADY_VOTED and one, str(reason))
        self._say("MilestoneOracle", f"refuses a second signature of {self._name(party)}: already voted")

    def _await_vote(self, stage: Stage, party: Party) -> CountedVote:
        deadline = time.monotonic() + CASH_WAIT_SECONDS
        while time.monotonic() < deadline:
            known = self._milestones()
            for fact in known["items"]:
                for vote in fact["votes"]:
                    if (fact["milestone"], vote["organisation_lei"]) == (stage.milestone, party.lei):
                        return CountedVote.read(known["subject"], fact, vote)
            time.sleep(0.05)
        raise TimeoutError(
            f"{party.name}'s report of {stage.milestone} did not reach the chain: {self.network.log_hint()}"
        )

    def _votes(self, milestone: str | None = None) -> list[dict[str, Any]]:
        facts = [fact for fact in self._milestones()["items"] if milestone in (None, fact["milestone"])]
        return [vote for fact in facts for vote in fact["votes"]]

    def _await_cash(self, stage: Stage, before: int, since: float) -> None:
        """Waits for the fact, and for the cash that it moves; a fact may rightly move none."""
        milestones, key = self.network.chain.milestones, (self._subject(), Milestone[stage.milestone], 1)
        while self._supplier_cash() == before:
            if milestones.fact(*key).status is FactStatus.FINAL and self._supplier_cash() == before:
                self._tell_why_nothing_moved(stage)
                return
            if time.monotonic() - since > CASH_WAIT_SECONDS:
                raise TimeoutError(self._what_is_missing(stage))
            time.sleep(POLL_SECONDS)
        milliseconds = round((time.monotonic() - since) * 1000)
        self.event_to_cash_ms[stage.name] = milliseconds
        draw = self._await_draw(self._supplier_cash() - before)
        fact = self._fact(stage.milestone)
        self.timeline.add(
            self.network.now(),
            self._name("supplier"),
            f"is paid: {stage.milestone.lower()} is a fact ({fact['count']} organisations)",
            self.currency.show(minor_of(draw["amount"])),
            block=draw["block_number"],
            event_to_cash_ms=milliseconds,
        )
        self.checks.record("cash_moves_in_the_facts_transaction", draw["transaction_hash"] == fact["transaction_hash"])

    def _tell_why_nothing_moved(self, stage: Stage) -> None:
        """A short delivery, an empty pool or a used-up limit: then the contract itself must offer nothing."""
        base, available = self.network.chain.desk.availability(int(self.financing_id))
        self.checks.record("a_fact_without_a_draw_left_nothing_to_draw", available == 0, str(available))
        owed = minor_of(self.financing()["owed"]["total"])
        shown = f"base {self.currency.show(base)}, owed {self.currency.show(owed)}"
        self._say("FinancingDesk", f"{stage.milestone.lower()} is a fact and nothing is drawn: {shown}")

    def _what_is_missing(self, stage: Stage) -> str:
        facts = [fact for fact in self._milestones()["items"] if fact["milestone"] == stage.milestone]
        seen = f"{facts[0]['count']} of {facts[0]['threshold']} organisations" if facts else "nobody"
        within = f"within {CASH_WAIT_SECONDS:g} s of stage {stage.name!r}"
        return f"{seen} reported {stage.milestone} {within}, so it is no fact; {self.network.log_hint()}"

    def _subject(self) -> bytes:
        return bytes.fromhex(self._milestones()["subject"].removeprefix("0x"))

    def _await_draw(self, amount: int) -> dict[str, Any]:
        deadline = time.monotonic() + CASH_WAIT_SECONDS
        while time.monotonic() < deadline:
            draws: list[dict[str, Any]] = self.financing()["draws"]
            if draws and minor_of(draws[-1]["amount"]) == amount:
                return draws[-1]
            time.sleep(0.05)
        raise TimeoutError("the gateway's indexer does not show the draw that the chain has paid")

    def _fact(self, milestone: str) -> dict[str, Any]:
        """Waits until the gateway, which follows the chain, shows the fact too."""
        deadline = time.monotonic() + CASH_WAIT_SECONDS
        while time.monotonic() < deadline:
            for fact in self._milestones()["items"]:
                if fact["milestone"] == milestone and fact["transaction_hash"] is not None:
                    return dict(fact)
            time.sleep(0.05)
        raise TimeoutError(f"the gateway's indexer does not show that {milestone} is a fact")

    def _milestones(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.desks["supplier"].get("/v1/milestones", receivable_id=self.receivable_id)
        return answer

    def _issue_cash(self, name: str, amount: int) -> None:
        body = {
            "lei": self.trade.parties[name].lei,
            "amount": self.currency.json(amount),
            "payment_reference": f"{self.trade.parties[name].lei}-{self.network.now():%Y%m%d%H%M%S}",
        }
        answer = self.operator.post("/v1/cash/issues", body)
        self._tell("Cash issuer", f"issues cash to {self._name(name)} against its bank payment", answer, amount)

    def _pool(self) -> dict[str, Any]:
        pool: dict[str, Any] = self.operator.get(f"/v1/pools/{self.currency.code}")
        return pool

    def _supplier_cash(self) -> int:
        return self._cash_of("supplier")

    def _cash_of(self, party: str) -> int:
        return self.network.chain.cash(self.currency.code).balance_of(self.accounts[party])

    def _name(self, party: str) -> str:
        return self.trade.parties[party].name

    def _say(self, who: str, what: str) -> None:
        self.timeline.add(self.network.now(), who, what)

    def _tell(self, who: str, what: str, answer: dict[str, Any], amount: int | None = None) -> None:
        blocks = [transaction["block_number"] for transaction in answer.get("transactions", [])]
        shown = "" if amount is None else self.currency.show(amount)
        self.timeline.add(self.network.now(), who, what, shown, block=max(blocks, default=None))


def _admission(party: Party, expires: datetime, account: str | None) -> dict[str, Any]:
    body = {
        "lei": party.lei,
        "name": party.name,
        "jurisdiction": party.jurisdiction,
        "roles": [party.role],
        "kyc_expires_at": expires.astimezone(UTC).isoformat(),
        "identifiers": [identifier.model_dump() for identifier in party.identifiers],
    }
    return body if account is None else {**body, "account": account}


def _same_transaction(answer: dict[str, Any], repaid: dict[str, Any]) -> bool:
    return repaid["transaction_hash"] in {transaction["hash"] for transaction in answer["transactions"]}
