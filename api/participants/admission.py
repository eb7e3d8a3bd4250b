"""The operator admits an organisation: registry entry, account, gateway client, names and document key."""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from sqlmodel import Session

from api.auth.service import NewClient, create_client
from api.documents.readers import ReaderKeys, public_key_of
from api.participants import naming, service
from api.participants.models import Profile
from api.participants.schemas import AccountAdded, AdmittedView, NewParticipant
from api.signers import Signers
from api.transactions.models import Transaction
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
        registered = self._register(session, asked)
        account, signer = self._account(asked)
        admitted = self._admit_account(session, asked.lei, account, after=registered)
        profile = Profile(
            lei=asked.lei, name=asked.name, account=account, signer=signer, document_key=asked.document_key
        )
        service.add_profile(session, profile, naming.all_names(asked.lei, asked.identifiers))
        if asked.document_key is None:
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

    def _account(self, asked: NewParticipant) -> tuple[str, str | None]:
        """Its own account, or that of a key which the gateway makes and keeps for it."""
        if asked.account is not None:
            return to_checksum_address(asked.account), None
        signer = self.signers.create_organisation(asked.lei)
        return signer.address, signer.name

    def _submit(self, session: Session, lei: str, call: Call, purpose: str, after: Transaction | None) -> Transaction:
        return self.transactions.submit(
            session, signer=REGISTRAR, call=call, owner_lei=lei, purpose=purpose, subject_id=lei, after=after
        )
