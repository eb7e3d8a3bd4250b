from __future__ import annotations

import threading

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from support.network import RunningNetwork, lei

from chain_node.client import (
    Acceptance,
    AddressBook,
    Chain,
    FactStatus,
    Milestone,
    Node,
    Observation,
    ReceivableState,
    Role,
    Tranche,
    Vote,
    acceptance_digest,
    attestation_digest,
    sign_call,
)
from chain_node.errors import (
    AlreadyKnown,
    ContractUnknown,
    NodeUnavailable,
    NonceTooLow,
    RevertUnknown,
    WrongNetwork,
    reverts,
)

pytestmark = pytest.mark.node

FACE = 10_000_000
TERMS = {"face_value": FACE, "quantity": 1_000_000, "due_date": 20_700}


def participant(network: RunningNetwork, name: str, role: Role) -> LocalAccount:
    account: LocalAccount = Account.create()
    network.admit(lei(name), account.address, int(role))
    return account


def registered(network: RunningNetwork, id: int) -> tuple[LocalAccount, LocalAccount]:
    supplier = participant(network, f"SUPPLIER{id}", Role.SUPPLIER)
    debtor = participant(network, f"DEBTOR{id}", Role.DEBTOR)
    terms = {"debtor": debtor.address, "currency": "EUR", **TERMS}
    network.send(supplier, network.chain.receivables.register(id=id, **terms))
    return supplier, debtor


def test_stranger_may_not_register_an_invoice(anvil_network: RunningNetwork) -> None:
    stranger = Account.create()
    call = anvil_network.chain.receivables.register(id=1, debtor=stranger.address, currency="EUR", **TERMS)

    with pytest.raises(reverts.NotAdmitted, match=f"account {stranger.address} belongs to no participant") as caught:
        anvil_network.chain.simulate(call, stranger.address)

    assert caught.value.values == {"account": stranger.address}


def test_second_registration_is_refused_with_id_and_state(anvil_network: RunningNetwork) -> None:
    supplier, debtor = registered(anvil_network, 0xABC1)
    again = anvil_network.chain.receivables.register(id=0xABC1, debtor=debtor.address, currency="EUR", **TERMS)

    with pytest.raises(reverts.ReceivableExists) as caught:
        anvil_network.chain.estimate_gas(again, supplier.address)

    assert caught.value.name == "ReceivableExists"
    assert caught.value.values == {"id": 0xABC1, "state": ReceivableState.REGISTERED}
    assert caught.value.context == {"id": 0xABC1, "state": "registered"}
    assert str(caught.value) == f"invoice 0x{0xABC1:064x} is already registered (its state: registered)"


def test_revert_of_a_mined_transaction_is_found_by_its_hash(anvil_network: RunningNetwork) -> None:
    supplier, _ = registered(anvil_network, 0xABC2)
    call = anvil_network.chain.receivables.pay(0xABC2, 5)

    with pytest.raises(reverts.ReceivableStateWrong, match="is registered; this takes one that is accepted"):
        anvil_network.send(supplier, call)


def test_transaction_that_succeeded_has_no_revert(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    supplier, _ = registered(anvil_network, 0xABC3)

    receipt = anvil_network.send(supplier, chain.receivables.cancel(0xABC3))

    assert receipt.succeeded
    assert chain.transaction_revert(receipt.transaction_hash) is None
    assert chain.receivables.receivable(0xABC3).state is ReceivableState.CANCELLED
    assert chain.block_receipts(receipt.block_number) == [receipt]


def test_registration_is_read_back_as_a_value_and_as_an_event(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain

    supplier, debtor = registered(anvil_network, 0xABC4)

    receivable = chain.receivables.receivable(0xABC4)
    assert (receivable.face_value, receivable.paid, receivable.due_date) == (FACE, 0, 20_700)
    assert receivable.debtor == chain.registry.membership_of(debtor.address).organisation
    number = chain.block_number()
    events = [chain.decode(log) for log in chain.logs(number, number)]
    event = next(e for e in events if e is not None and e.name == "ReceivableRegistered")
    assert event.contract == "ReceivableToken"
    assert event.arguments["id"] == 0xABC4
    assert event.arguments["currency"] == "EUR"
    assert event.arguments["faceValue"] == FACE
    assert chain.receivables.balance_of(supplier.address, 0xABC4) == FACE


def test_organisation_is_read_by_its_lei(anvil_network: RunningNetwork) -> None:
    registry = anvil_network.chain.registry
    account = participant(anvil_network, "READBYLEI", Role.CARRIER | Role.CONSIGNEE)

    organisation = registry.organisation(registry.organisation_of(lei("READBYLEI")))

    assert organisation.lei == lei("READBYLEI")
    assert (organisation.jurisdiction, organisation.roles) == ("DE", int(Role.CARRIER | Role.CONSIGNEE))
    assert registry.accounts_of(registry.organisation_of(lei("READBYLEI"))) == [account.address]


def test_office_that_is_not_held_is_refused(anvil_network: RunningNetwork) -> None:
    chain, keys = anvil_network.chain, anvil_network.keys
    call = chain.cash("EUR").issue(keys.address("registrar"), 100, bytes([1]) * 32)

    with pytest.raises(reverts.AccessManagedUnauthorized, match="does not hold the office"):
        chain.simulate(call, keys.address("registrar"))


def test_missing_cash_is_said_in_both_values(anvil_network: RunningNetwork) -> None:
    holder = participant(anvil_network, "NOCASH", Role.LENDER)

    with pytest.raises(reverts.ERC20InsufficientBalance, match="has 0 minor units and needs 7"):
        anvil_network.chain.simulate(
            anvil_network.chain.cash("EUR").transfer(anvil_network.chain.pool("EUR").address, 7), holder.address
        )


def test_acceptance_digest_is_the_contracts(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    signer = Account.create().address
    acceptance = Acceptance(id=2**255 + 9, waive_set_off=True, signer=signer, deadline=2**33, **TERMS)

    ours = acceptance_digest(chain.chain_id, chain.receivables.address, acceptance)

    assert ours == chain.receivables.acceptance_digest(**vars(acceptance))


def test_signed_acceptance_is_taken_from_anyone(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    supplier, debtor = registered(anvil_network, 0xABC5)
    acceptance = Acceptance(
        id=0xABC5, waive_set_off=True, signer=debtor.address, deadline=anvil_network.now() + 60, **TERMS
    )
    digest = acceptance_digest(chain.chain_id, chain.receivables.address, acceptance)
    signature = bytes(debtor.unsafe_sign_hash(digest).signature)

    anvil_network.send(supplier, chain.receivables.accept_by_signature(**vars(acceptance), signature=signature))

    assert chain.receivables.receivable(0xABC5).state is ReceivableState.ACCEPTED


@pytest.mark.parametrize("count", [0, 1, 3])
def test_attestation_digest_is_the_contracts(anvil_network: RunningNetwork, count: int) -> None:
    chain = anvil_network.chain
    rows = [Observation(bytes([i]) * 32, Milestone.DEPARTED, i + 1, 1_770_000_000 + i, 950_000) for i in range(count)]

    ours = attestation_digest(chain.chain_id, chain.milestones.address, rows, 5, bytes([9]) * 32)

    assert ours == chain.milestones.attestation_digest(rows, 5, bytes([9]) * 32)


def test_contract_that_has_approved_the_digest_is_named_and_signs_nothing() -> None:
    vote = Vote(f"0x{'12' * 20}", 1, bytes([9]) * 32, b"")

    assert vote.packed() == (1, bytes([9]) * 32, bytes(32), bytes(12) + bytes([0x12]) * 20)


@pytest.mark.parametrize("signature", [bytes(64), bytes(66), bytes(64) + b"\x1d", bytes(64) + b"\x00"])
def test_signature_that_is_none_is_refused_before_it_is_sent(signature: bytes) -> None:
    vote = Vote(f"0x{'12' * 20}", 1, bytes(32), signature)
    with pytest.raises(ValueError, match=f"a signature of 0x{'12' * 20} is not r, s and v"):
        vote.packed()


@pytest.mark.parametrize("v", [27, 28])
def test_signature_is_packed_as_erc_2098_says(v: int) -> None:
    r, s = bytes(range(32)), bytes([0x7F, *range(31)])
    *_, packed_r, packed_vs = Vote(f"0x{'12' * 20}", 1, bytes(32), r + s + bytes([v])).packed()
    assert packed_r == r
    assert packed_vs == bytes([0x7F if v == 27 else 0xFF]) + s[1:]


def test_two_witnesses_make_a_fact(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    supplier = participant(anvil_network, "FACTSUPPLIER", Role.SUPPLIER)
    witnesses = [participant(anvil_network, f"FACT{role.name}", role) for role in (Role.CARRIER, Role.INSPECTOR)]
    subject, reference = bytes([0xAA]) * 32, bytes([0xBB]) * 32
    anvil_network.send(supplier, chain.milestones.open_subject(subject, [reference]))
    observation = Observation(subject, Milestone.DEPARTED, 1, anvil_network.now() - 60, 0)
    digest = attestation_digest(chain.chain_id, chain.milestones.address, [observation], 1, bytes(32))
    votes = [Vote(w.address, 1, bytes(32), bytes(w.unsafe_sign_hash(digest).signature)) for w in witnesses]

    anvil_network.send(supplier, chain.milestones.attest([observation], votes))

    fact = chain.milestones.fact(subject, Milestone.DEPARTED, 1)
    assert (fact.status, fact.count) == (FactStatus.FINAL, 2)
    assert fact.roles_seen == int(Role.CARRIER | Role.INSPECTOR)
    assert chain.milestones.subject_of(reference) == subject
    assert chain.milestones.usable_fact(subject, Milestone.DEPARTED, 1) == (True, 0)


def test_transaction_sent_twice_is_known(own_network: RunningNetwork) -> None:
    chain = own_network.chain
    account = own_network.keys.account("registrar")
    call = chain.registry.renew_kyc(lei("NOBODY"), 2**33)
    signed = sign_call(account, call, nonce=0, gas=200_000, chain_id=chain.chain_id)
    assert chain.send_raw(signed.raw) == signed.hash

    with pytest.raises((AlreadyKnown, NonceTooLow)):
        chain.send_raw(signed.raw)


def test_number_that_was_used_is_refused(anvil_network: RunningNetwork) -> None:
    chain, account = anvil_network.chain, anvil_network.keys.account("registrar")
    participant(anvil_network, "USESNONCE", Role.LENDER)
    call = chain.registry.renew_kyc(lei("NOBODY"), 2**33)
    signed = sign_call(account, call, nonce=0, gas=200_000, chain_id=chain.chain_id)

    with pytest.raises(NonceTooLow):
        chain.send_raw(signed.raw)


def test_one_call_that_would_be_undone_keeps_no_other_from_its_estimate(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    supplier, debtor = registered(anvil_network, 0xABC7)
    again = chain.receivables.register(id=0xABC7, debtor=debtor.address, currency="EUR", **TERMS)
    cancel = chain.receivables.cancel(0xABC7)

    found = chain.estimates([cancel, again, *[cancel] * 20], supplier.address)

    alone = chain.estimate_gas(cancel, supplier.address)
    assert isinstance(found[1], reverts.ReceivableExists)
    assert found[1].context == {"id": 0xABC7, "state": "registered"}
    assert [*found[:1], *found[2:]] == [alone] * 21


def test_receipts_come_in_the_order_of_their_transactions(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    supplier, _ = registered(anvil_network, 0xABC8)
    receipt = anvil_network.send(supplier, chain.receivables.cancel(0xABC8))
    asked = [bytes(32), receipt.transaction_hash] * 10

    assert list(chain.receipts(asked)) == [None, receipt] * 10
    assert chain.estimates([], supplier.address) == list(chain.receipts([])) == []


def test_node_that_goes_away_is_said_of_all_at_once(anvil_network: RunningNetwork) -> None:
    away = Chain(Node("http://127.0.0.1:9", timeout_seconds=1), anvil_network.chain.addresses)
    call = anvil_network.chain.receivables.cancel(1)

    with pytest.raises(NodeUnavailable):
        away.estimates([call, call], Account.create().address)
    with pytest.raises(NodeUnavailable):
        list(away.receipts([bytes(32), bytes(32)]))


def test_log_of_a_stranger_is_not_decoded(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    log = chain.logs(chain.addresses.first_block, chain.block_number())[0]

    stranger = type(log)(**{**vars(log), "address": Account.create().address})

    assert chain.decode(log) is not None
    assert chain.decode(stranger) is None


def test_read_at_an_old_block_shows_the_old_state(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    before = chain.block_number()

    registered(anvil_network, 0xABC6)

    assert chain.receivables.receivable(0xABC6, block=before).state is ReceivableState.NONE
    assert chain.receivables.receivable(0xABC6).state is ReceivableState.REGISTERED


def test_other_chain_id_is_a_wrong_network(anvil_network: RunningNetwork) -> None:
    book = anvil_network.chain.addresses
    other = AddressBook(book.network, 7, book.first_block, book.addresses, book.contracts)

    with pytest.raises(WrongNetwork, match="its chain id is 412346, local has 7"):
        Chain.connect(anvil_network.rpc_url, other)


def test_chain_without_the_contracts_is_a_wrong_network(anvil_network: RunningNetwork) -> None:
    book = anvil_network.chain.addresses
    nowhere = dict.fromkeys(book.addresses, Account.create().address)
    other = AddressBook(book.network, book.chain_id, book.first_block, nowhere, book.contracts)

    with pytest.raises(WrongNetwork, match="there is no contract at"):
        Chain.connect(anvil_network.rpc_url, other)


def test_node_that_is_away_is_unavailable(anvil_network: RunningNetwork) -> None:
    with pytest.raises(NodeUnavailable, match=r"http://127\.0\.0\.1:9 does not answer: no connection"):
        Chain.connect("http://127.0.0.1:9", anvil_network.chain.addresses, timeout_seconds=1)


def test_unknown_currency_is_named(anvil_network: RunningNetwork) -> None:
    with pytest.raises(ContractUnknown, match="the network local has no contract named CashToken:CHF"):
        anvil_network.chain.cash("CHF")


@pytest.mark.parametrize("tranche", Tranche)
def test_crumbs_of_a_tranche_are_not_redeemed(anvil_network: RunningNetwork, tranche: Tranche) -> None:
    """A minor unit is worth a million shares at first; the configuration asks for a hundred of them."""
    assert anvil_network.chain.vault("EUR", tranche).smallest_request() == 100_000_000


def test_call_to_a_contract_without_such_function_is_unexplained(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    call = type(chain.desk.poke(1))(chain.directory.address, bytes.fromhex("12345678"), "Directory.nothing")

    with pytest.raises(RevertUnknown, match="no reason given"):
        chain.simulate(call, Account.create().address)


def test_chain_is_shared_between_threads(anvil_network: RunningNetwork) -> None:
    chain = anvil_network.chain
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(20):
            answer = chain.cash("EUR").currency(), chain.cash("USD").currency()
            if answer != ("EUR", "USD"):
                wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://operator:HUNTER2@node.example:8545/v3/KEY77?token=T", "https://node.example:8545"),
    ],
)
def test_node_that_is_away_is_named_without_its_secrets(address, shown):
    assert str(NodeUnavailable(Node(address).rpc_url, "no connection")).startswith(f"the chain's node at {shown} does")


def test_password_of_an_address_is_in_no_error():
    with pytest.raises(NodeUnavailable) as raised:
        Node("http://operator:HUNTER2@127.0.0.1:1/v3/KEY77", 1).chain_id()

    assert "HUNTER2" not in str(raised.value)
    assert "KEY77" not in str(raised.value)
