"""ParticipantRegistry, Directory and the AccessManager."""

from __future__ import annotations

from dataclasses import dataclass

from eth_typing import ChecksumAddress

from chain_node.client.contract import Contract
from chain_node.client.values import BlockTag, Call
from chain_node.vocabulary import Role


@dataclass(frozen=True)
class Organisation:
    """One participant; `lei` is empty where there is none. `kyc_expires_at` in Unix seconds."""

    lei: str
    group_lei: str
    jurisdiction: str
    roles: int
    kyc_expires_at: int
    suspended: bool
    group: int


@dataclass(frozen=True)
class Membership:
    """What is known of an account, unchecked; `organisation` is 0 for a stranger."""

    organisation: int
    group: int
    roles: int
    expires_at: int
    suspended: bool
    frozen: bool


class Registry(Contract):
    """Who may act, in which role."""

    interface_name = "ParticipantRegistry"

    def register_organisation(
        self, lei: str, group_lei: str, jurisdiction: str, roles: Role | int, kyc_expires_at: int
    ) -> Call:
        """Admits an organisation; `group_lei` empty where it is its own parent. Registrar only."""
        return self.call("registerOrganisation", lei, group_lei, jurisdiction, int(roles), kyc_expires_at)

    def set_roles(self, lei: str, roles: Role | int) -> Call:
        return self.call("setRoles", lei, int(roles))

    def renew_kyc(self, lei: str, expires_at: int) -> Call:
        return self.call("renewKyc", lei, expires_at)

    def suspend_organisation(self, lei: str) -> Call:
        return self.call("suspendOrganisation", lei)

    def reinstate_organisation(self, lei: str) -> Call:
        return self.call("reinstateOrganisation", lei)

    def admit_account(self, lei: str, account: str) -> Call:
        return self.call("admitAccount", lei, account)

    def remove_account(self, account: str) -> Call:
        return self.call("removeAccount", account)

    def freeze_account(self, account: str) -> Call:
        return self.call("freezeAccount", account)

    def unfreeze_account(self, account: str) -> Call:
        return self.call("unfreezeAccount", account)

    def organisation(self, id: int, block: BlockTag = "latest") -> Organisation:
        return self._struct(Organisation, "organisation", id, block=block)

    def organisation_of(self, lei: str, block: BlockTag = "latest") -> int:
        """The organisation's index, 0 where nobody has that LEI."""
        return int(self.read("organisationOf", lei, block=block)[0])

    def accounts_of(self, id: int, block: BlockTag = "latest") -> list[ChecksumAddress]:
        return list(self.read("accountsOf", id, block=block)[0])

    def membership_of(self, account: str, block: BlockTag = "latest") -> Membership:
        return self._struct(Membership, "membershipOf", account, block=block)

    def is_admitted(self, account: str, block: BlockTag = "latest") -> bool:
        return bool(self.read("isAdmitted", account, block=block)[0])

    def require_admitted(self, first: str, second: str, block: BlockTag = "latest") -> None:
        """Raises the reason unless both accounts may act now."""
        self.read("requireAdmitted", first, second, block=block)

    def require_role(self, account: str, any_of_roles: Role | int, block: BlockTag = "latest") -> Membership:
        """Raises the reason unless the account may act now and holds at least one of the roles."""
        return self._struct(Membership, "requireRole", account, int(any_of_roles), block=block)


class Directory(Contract):
    """Names the current contract of each module."""

    interface_name = "Directory"

    def set_module(self, name: str, module: str) -> Call:
        return self.call("setModule", module_name(name), module)

    def module_of(self, name: str, block: BlockTag = "latest") -> ChecksumAddress:
        address: ChecksumAddress = self.read("moduleOf", module_name(name), block=block)[0]
        return address

    def names(self, block: BlockTag = "latest") -> list[str]:
        return [name.rstrip(b"\0").decode("ascii") for name in self.read("names", block=block)[0]]


def module_name(name: str) -> bytes:
    """The directory's form of a name: ASCII, at most 32 characters, left-aligned."""
    text = name.encode("ascii")
    if not 0 < len(text) <= 32:
        raise ValueError(f"{name!r} cannot be a module's name: 1 to 32 ASCII characters are needed")
    return text.ljust(32, b"\0")


class AccessManager(Contract):
    """Who holds which office (role id), and what each office may do."""

    interface_name = "NetworkAccessManager"

    def grant_role(self, role_id: int, account: str, execution_delay: int) -> Call:
        return self.call("grantRole", int(role_id), account, execution_delay)

    def revoke_role(self, role_id: int, account: str) -> Call:
        return self.call("revokeRole", int(role_id), account)

    def renounce_role(self, role_id: int, caller_confirmation: str) -> Call:
        return self.call("renounceRole", int(role_id), caller_confirmation)

    def label_role(self, role_id: int, label: str) -> Call:
        return self.call("labelRole", int(role_id), label)

    def set_target_function_role(self, target: str, selectors: list[bytes], role_id: int) -> Call:
        return self.call("setTargetFunctionRole", target, selectors, int(role_id))

    def schedule(self, target: str, data: bytes, when: int) -> Call:
        """Announces a delayed operation; `when` 0 is as soon as the caller's delay allows."""
        return self.call("schedule", target, data, when)

    def execute(self, target: str, data: bytes) -> Call:
        return self.call("execute", target, data)

    def cancel(self, caller: str, target: str, data: bytes) -> Call:
        return self.call("cancel", caller, target, data)

    def hand_over(self, governor: str, delay_seconds: int) -> Call:
        """Makes the governor the only administrator, for good, with that delay."""
        return self.call("handOver", governor, delay_seconds)

    def has_role(self, role_id: int, account: str, block: BlockTag = "latest") -> tuple[bool, int]:
        """Whether the account holds the office, and its execution delay in seconds."""
        held, delay = self.read("hasRole", int(role_id), account, block=block)
        return bool(held), int(delay)

    def target_function_role(self, target: str, selector: bytes, block: BlockTag = "latest") -> int:
        return int(self.read("getTargetFunctionRole", target, selector, block=block)[0])

    def schedule_of(self, operation_id: bytes, block: BlockTag = "latest") -> int:
        """When a scheduled operation becomes ready (Unix seconds); 0 where there is none."""
        return int(self.read("getSchedule", operation_id, block=block)[0])

    def hash_operation(self, caller: str, target: str, data: bytes, block: BlockTag = "latest") -> bytes:
        return bytes(self.read("hashOperation", caller, target, data, block=block)[0])
