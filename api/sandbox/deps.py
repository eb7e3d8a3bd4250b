"""The sandbox, as an endpoint gets it."""

from typing import Annotated

from fastapi import Depends

from api.deps import SettingsDep, SignersDep
from api.network_key import NetworkKeyDep
from api.sandbox.service import Sandbox


async def _sandbox(settings: SettingsDep, signers: SignersDep, key: NetworkKeyDep) -> Sandbox:
    return Sandbox(settings.sandbox, signers, key)


SandboxDep = Annotated[Sandbox, Depends(_sandbox)]
