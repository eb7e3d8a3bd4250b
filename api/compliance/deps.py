"""What endpoints of compliance may ask for besides."""

from typing import Annotated

from fastapi import Depends

from api.compliance.personal import Personal, personal_of
from api.deps import SettingsDep


def _personal(settings: SettingsDep) -> Personal:
    return personal_of(settings)


PersonalDep = Annotated[Personal, Depends(_personal)]
