"""Every function that writes, of every deployed contract, called by everyone there is: only the listed callers get past
the question who they are. The list is roles_by_function.toml beside this file, which says how it is read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from support.network import RunningNetwork, lei, start_network

from chain_node.client import Call, OrderTerms, one_line
from chain_node.compile import CONTRACTS, compile_contracts
from chain_node.deploy.offices import KEY_OF
from chain_node.errors import ContractReverted, RevertUnknown
from chain_node.interface import Coder, Parameter
from chain_node.vocabulary import CoverKind, DayCount, Milestone, Role

pytestmark = [pytest.mark.node, pytest.mark.slow]

LIST = tomllib.loads(Path(__file__).with_name("roles_by_function.toml").read_text(encoding="utf-8"))
REFUSALS = frozenset(LIST.pop("refusals"))
LISTED = [(contract, name) for contract, entries in LIST.items() for name in entries]
EVERYONE, PARTICIPANTS = "everyone", "participants"
NO_REASON = "no reason given"
OTHERS = ("supplier", "debtor", "lender")
STANDS_FOR = {"Collateral": "ReceivableCollateral", "FundingSource": "LendingPool"}
FACE, QUANTITY = 10_000_000, 1_000_000
# Made for a loan that several pools share; a network begins without one.
NOT_DEPLOYED = {"Syndicate"}


@dataclass(frozen=True)
class Method:
    """One function that writes. `name` is followed by its types where the contract has another of that name."""

    contract: str
    name: str
    inputs: Coder
    selector: bytes


@cache
def methods() -> tuple[Method, ...]:
    found = []
    for artifact in compile_contracts(set(CONTRACTS) - NOT_DEPLOYED).values():
        writing = [
            e for e in artifact.abi if e["type"] == "function" and e["stateMutability"] in ("nonpayable", "payable")
        ]
        names = [str(entry["name"]) for entry in writing]
        for entry in writing:
            inputs = Coder(tuple(Parameter.parse(item) for item in entry["inputs"]))
            full = entry["name"] + inputs.signature
            name = full if names.count(entry["name"]) > 1 else entry["name"]
            found.append(Method(artifact.name, name, inputs, keccak(text=full)[:4]))
    return tuple(found)


@cache
def error_names() -> Mapping[bytes, str]:
    return {
        selector: error.name
        for artifact in compile_contracts().values()
        for selector, error in artifact.interface.errors.items()
    }


@dataclass(frozen=True)
class Rule:
    """One line of the list: who may, the arguments with which to ask, and errors that mean a refusal here only."""

    may: tuple[str, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    @classmethod
    def read(cls, entry: Any) -> Rule:
        line = dict(entry) if isinstance(entry, dict) else {"may": entry}
        may = line.pop("may")
        return cls((may,) if isinstance(may, str) else tuple(may), **line)


def method_of(contract: str, name: str) -> Method:
    return next(method for method in methods() if (method.contract, method.name) == (contract, name))


class World:
    """A network in use: everyone who may call, and something in each state that authority depends on."""

    def __init__(self, network: RunningNetwork) -> None:
        self.network, self.chain = network, network.chain
        self.accounts: dict[str, LocalAccount | str] = {}
        self.callers: dict[str, str] = {}
        self.leis: dict[str, str] = {}
        self.deployed: dict[str, str] = {}
        self.named: dict[str, Any] = {}
        for office in ("deployer", "governor", *KEY_OF.values()):
            self._add(office, network.keys.account(office))
        self._add("stranger", Account.create())
        for role in Role:
            if role is not Role.NETWORK:
                self._admit(str(role.name).lower(), role)
        for name in OTHERS:
            self._admit(f"other {name}", Role[name.upper()])
        record = json.loads(network.deployments.read_text(encoding="utf-8"))["contracts"]
        for name, entry in record.items():
            self.callers[name] = entry["address"]
            self.deployed.setdefault(entry["contract"], entry["address"])
        # Of a pool's two vaults, the one that takes a first deposit.
        self.deployed["TrancheVault"] = self.callers["JuniorTranche:EUR"]

    def _add(self, name: str, account: LocalAccount) -> None:
        self.accounts[name], self.callers[name] = account, account.address

    def _admit(self, name: str, role: Role) -> None:
        self._add(name, Account.create())
        self.leis[name] = lei(name.upper().replace(" ", "").replace("_", ""))
        self.network.admit(self.leis[name], self.callers[name], int(role))

    def address(self, name: str) -> str:
        """Of a caller by its name, or of a deployed contract by its own: of several, the first, which is the euro's."""
        return self.callers.get(name) or self.deployed[name]

    def call(self, contract: str, name: str, *values: Any) -> Call:
        method = method_of(contract, name)
        address = self.deployed[contract]
        return Call(address, method.selector + method.inputs.encode(values), f"{contract}.{name}")

    def do(self, caller: str, contract: str, name: str, *values: Any) -> None:
        self.network.send(self.accounts[caller], self.call(contract, name, *values))

    def live(self) -> None:
        """A trade under way. What is registered but not accepted is kept beside what is."""
        due = self.network.now() // 86_400 + 60
        self.named = {
            "registered": 0xA1,
            "accepted": 0xA2,
            "pledged": 0xA3,
            "subject": bytes([0x55]) * 32,
            "order subject": bytes([0x56]) * 32,
            "order": self._order(9, bytes([0x55]) * 32, due),
            "due": due,
            "euro": self.address("CashToken"),
        }
        for subject in ("subject", "order subject"):
            self.do("supplier", "MilestoneOracle", "openSubject", self.named[subject], [])
        for id in (0xA1, 0xA2, 0xA3):
            terms = (id, self.callers["debtor"], "EUR", FACE, QUANTITY, due, bytes(32))
            self.do("supplier", "ReceivableToken", "register", terms)
            order = self._order(id, self.named["order subject" if id == 0xA3 else "subject"], due)
            self.do("supplier", "OrderEscrow", "registerOrder", order)
        for id in (0xA2, 0xA3):
            self.do("debtor", "ReceivableToken", "accept", (id, FACE, QUANTITY, due, True))
            self.do("debtor", "OrderEscrow", "acceptOrder", id, self.network.chain.orders.terms_hash_of(id))
        goods = ("09011100", "KGM", 1000, self.named["subject"], 1, "DEHAM", 1, 0, [bytes([0x57]) * 32])
        self.named["entry"] = (0xA4, self.callers["supplier"], *goods)
        self._lend()
        self.named["governed"] = self.call("Directory", "setModule", bytes([7]) * 32, self.named["euro"]).data
        self.do("governor", "NetworkAccessManager", "schedule", self.address("Directory"), self.named["governed"], 0)

    def _order(self, id: int, subject: bytes, due: int) -> tuple[Any, ...]:
        lines = one_line(FACE, QUANTITY)
        return OrderTerms(id, self.callers["debtor"], "EUR", subject, due, lines).on_chain()

    def _lend(self) -> None:
        """A pool with a lender's cash; financing 1 on an invoice, financing 2 on an order."""
        for n, name in enumerate(("debtor", "lender", "supplier")):
            self.do("cash-issuer", "CashToken", "issue", self.callers[name], FACE, bytes([n + 1]) * 32)
        self.do("lender", "CashToken", "approve", self.address("TrancheVault"), FACE)
        self.do("lender", "TrancheVault", "deposit", FACE // 2, self.callers["lender"])
        self.do("credit-officer", "FinancingDesk", "openFacility", self._facility())
        steps = [(int(Milestone.DEPARTED), 5000, False)]
        self.do("supplier", "ReceivableToken", "setApprovalForAll", self.address("ReceivableCollateral"), True)
        for adapter, subject in (("ReceivableCollateral", "subject"), ("OrderCollateral", "order subject")):
            self.do("credit-officer", "FinancingDesk", "setLadder", 1, self.address(adapter), steps)
            item = (0xA3, FACE, self.named[subject])
            self.do("supplier", "FinancingDesk", "openFinancing", 1, self.address(adapter), *item)
        self.do("insurer", "InsurancePolicies", "offer", self._cover())
        until = self.network.now() + 86_400
        self.do("supplier", "Applications", "reserve", 1, self.address("ReceivableCollateral"), 0xA2, until)
        self.do("debtor", "ReceivableToken", "consentToCancellation", 0xA2, True)

    def _facility(self) -> tuple[Any, ...]:
        until = self.network.now() + 300 * 86_400
        rates = (900, int(DayCount.ACTUAL360), 50, 500, 100, 0, 5)
        return (self.callers["supplier"], self.address("LendingPool"), FACE, *rates, True, True, False, until)

    def _cover(self) -> tuple[Any, ...]:
        """Credit cover of financing 1."""
        day = 86_400
        times = tuple(self.network.now() + days * day for days in (10, 20, 120))
        return (1, int(CoverKind.CREDIT), FACE, 0, 0, *times, 0, 30, 0, 0, 0, bytes(32), 0)

    # Arguments

    def values(self, method: Method, given: Mapping[str, Any]) -> list[Any]:
        names = [parameter.name or str(i) for i, parameter in enumerate(method.inputs.parameters)]
        unknown = set(given) - set(names)
        assert not unknown, f"{method.contract}.{method.name} has no parameter {', '.join(sorted(unknown))}"
        return [
            self._named(given[name]) if name in given else self._dummy(parameter)
            for name, parameter in zip(names, method.inputs.parameters, strict=True)
        ]

    def _named(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(item) for item in value]
        if isinstance(value, str) and value.startswith("@"):
            name = value[1:]
            return self.named[name] if name in self.named else self.address(name)
        return value

    def _dummy(self, parameter: Parameter) -> Any:
        """A value that is in range as often as can be: the trade's own ids, small numbers, real accounts."""
        kind = parameter.type
        if kind.endswith("]"):
            length = int(kind[kind.rindex("[") + 1 : -1] or 1)
            return [self._dummy(parameter._item())] * length
        if parameter.components:
            return [self._dummy(component) for component in parameter.components]
        if kind == "address":
            contract = parameter.internal.removeprefix("contract I").removeprefix("contract ")
            return self.named["euro"] if contract == "CashToken" else self._contract(contract)
        if kind.startswith("bytes"):
            texts = {"bytes2": "DE", "bytes3": "EUR", "bytes20": self.leis["supplier"], "bytes": b"\1"}
            return texts.get(kind) or bytes([0x22]) * int(kind.removeprefix("bytes"))
        if kind in ("bool", "string"):
            return {"bool": True, "string": "text"}[kind]
        if parameter.internal in ("ReceivableId", "OrderId"):
            return self.named["accepted"]
        return 0 if kind != parameter.internal and "." in parameter.internal else 1

    def _contract(self, name: str) -> str:
        return self.deployed.get(STANDS_FOR.get(name, name)) or self.callers["lender"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    network = start_network(tmp_path_factory.mktemp("roles"))
    made = World(network)
    made.live()
    yield made
    network.chain.close()
    network.engine.stop()


def allowed(world: World, rule: Rule) -> set[str]:
    found: set[str] = set()
    for name in rule.may:
        if name == EVERYONE:
            found |= set(world.callers)
        elif name == PARTICIPANTS:
            found |= {caller for caller, account in world.callers.items() if world.chain.registry.is_admitted(account)}
        else:
            assert name in world.callers, f"nobody is called {name}"
            found.add(name)
    return found


def outcomes(world: World, method: Method, rule: Rule) -> dict[str, str]:
    """The name of the error with which each caller was refused; empty for one whose call succeeded."""
    call = world.call(method.contract, method.name, *world.values(method, rule.given))
    data = "0x" + call.data.hex()
    requests = [
        ("eth_call", [{"from": account, "to": call.to, "data": data, "gas": hex(15_000_000)}, "latest"])
        for account in world.callers.values()
    ]
    answers = world.chain.node.try_batch(requests)
    return {name: _outcome(answer) for name, answer in zip(world.callers, answers, strict=True)}


def _outcome(answer: Any) -> str:
    if isinstance(answer, RevertUnknown):
        data: bytes = answer.values["data"]
        return error_names().get(data[:4], f"0x{data.hex()}") if data else NO_REASON
    if isinstance(answer, ContractReverted):
        return answer.name
    if isinstance(answer, Exception):
        raise answer
    return ""


def test_list_and_contracts_have_the_same_functions() -> None:
    assert {(m.contract, m.name) for m in methods()} == set(LISTED)


def test_every_contract_but_the_named_is_deployed(world: World) -> None:
    assert set(world.deployed) == set(CONTRACTS) - NOT_DEPLOYED


def test_each_refusal_of_the_list_is_an_error_of_a_contract() -> None:
    also = {error for contract, name in LISTED for error in Rule.read(LIST[contract][name]).also}

    assert REFUSALS | (also - {NO_REASON}) <= set(error_names().values())


@pytest.mark.parametrize(("contract", "name"), LISTED)
def test_only_the_listed_callers_get_past_authorisation(world: World, contract: str, name: str) -> None:
    method, rule = method_of(contract, name), Rule.read(LIST[contract][name])

    answers = outcomes(world, method, rule)

    past = {name for name, error in answers.items() if error not in REFUSALS and error not in rule.also}
    assert past == allowed(world, rule), answers
    # A call that fails without a reason never came to the question who is calling.
    assert NO_REASON not in {answers[name] for name in past}
