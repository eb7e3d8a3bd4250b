"""The operator admits an organisation: registry entry, account, gateway client, names and document key."""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from sqlmodel import Session

from api.auth.service import NewClient, create_client
from api.documents.readers import ReaderKeys, public_key_of
from api.errors import Malformed
from api.participants import naming, service
from api.participants.keyholding import KeyHolding, account_of_new
from api.participants.models import Profile
from api.participants.schemas import AccountAdded, AdmittedView, NewParticipant
from api.remote_signing import remote_name
from api.signers import Signers
from api.transactions.models import Transaction
from api.transactions.preparing import is_preparing
from api.transactions.schemas import transaction_views
from api.transactions.service import Transactions
from chain_node.client import Call, Chain, Role

REGISTRAR = "office:registrar"


@dataclass(frozen=True)
class Admission:
    """What there is to tell of an admission; `view` renders it with the transactions as they then are."""

    client: NewClient
    account: str
    transaction_ids: list[str]

    def view(self, session: Session) -> AdmittedView:
        return AdmittedView(
            lei=self.client.lei or "",
            account=self.account,
            client_id=self.client.client_id,
            client_secret=self.client.client_secret,
            transactions=transaction_views(session, self.transaction_ids),
        )


@dataclass(frozen=True)
class AddedAccount:
    lei: str
    account: str
    transaction_id: str

    def view(self, session: Session) -> AccountAdded:
        transactions = transaction_views(session, [self.transaction_id])
        return AccountAdded(lei=self.lei, account=self.account, transactions=transactions)


@dataclass(frozen=True)
class Admissions:
    """What admitting takes."""

    chain: Chain
    transactions: Transactions
    signers: Signers
    reader_keys: ReaderKeys

    def admit(self, session: Session, asked: NewParticipant) -> Admission:
        """Registers the organisation and admits its account in one nonce lane, and opens the gateway to it."""
        if asked.document_key is not None:
            public_key_of(asked.lei, asked.document_key)
        at_a_signer = self._proven(session, asked)
        registered = self._register(session, asked)
        account, signer = at_a_signer or self._account(session, asked)
        admitted = self._admit_account(session, asked.lei, account, after=registered)
        profile = Profile(
            lei=asked.lei, name=asked.name, account=account, signer=signer, document_key=asked.document_key
        )
        service.add_profile(session, profile, naming.all_names(asked.lei, asked.identifiers))
        if asked.document_key is None and not is_preparing(session):
            self.reader_keys.ensure(asked.lei)
        client = create_client(session, lei=asked.lei, name=asked.name)
        return Admission(client, account, [registered.id, admitted.id])

    def add_account(self, session: Session, lei: str, account: str) -> AddedAccount:
        """Admits one more account of an organisation, e.g. that of a second oracle node."""
        address = to_checksum_address(account)
        return AddedAccount(lei, address, self._admit_account(session, lei, address, after=None).id)

    def _register(self, session: Session, asked: NewParticipant) -> Transaction:
        roles = 0
        for name in asked.roles:
            roles |= Role[name]
        call = self.chain.registry.register_organisation(
            asked.lei, asked.group_lei or "", asked.jurisdiction, roles, int(asked.kyc_expires_at.timestamp())
        )
        return self._submit(session, asked.lei, call, "admit organisation", None)

    def _admit_account(self, session: Session, lei: str, account: str, after: Transaction | None) -> Transaction:
        return self._submit(session, lei, self.chain.registry.admit_account(lei, account), "admit account", after)

    def _proven(self, session: Session, asked: NewParticipant) -> tuple[str, str] | None:
        """The account and its signer, where its key lies at a remote one; asked before anything is stored."""
        if asked.remote_signer is not None and is_preparing(session):
            account = account_of_new(asked)
            return account, remote_name(asked.remote_signer, account)
        return KeyHolding(self.chain, self.signers).of_new(asked)

    def _account(self, session: Session, asked: NewParticipant) -> tuple[str, str | None]:
        """Its own account, or that of a key which the gateway makes and keeps for it."""
        if asked.account is not None:
            return to_checksum_address(asked.account), None
        if is_preparing(session):
            detail = "The gateway would make a key for it; to prepare an admission, name its account."
            raise Malformed("account-missing", detail, lei=asked.lei)
        signer = self.signers.create_organisation(asked.lei)
        return signer.address, signer.name

    def _submit(self, session: Session, lei: str, call: Call, purpose: str, after: Transaction | None) -> Transaction:
        return self.transactions.submit(
            session, signer=REGISTRAR, call=call, owner_lei=lei, purpose=purpose, subject_id=lei, after=after
        )
