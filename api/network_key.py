"""The network's key, as an endpoint gets it."""

from functools import cache
from pathlib import Path
from typing import Annotated

from fastapi import Depends

from api.deps import SettingsDep
from chain_node.references import NetworkKey

_load = cache(NetworkKey.load)


async def _network_key(settings: SettingsDep) -> NetworkKey:
    return _load(Path(settings.network_key_file))


NetworkKeyDep = Annotated[NetworkKey, Depends(_network_key)]
