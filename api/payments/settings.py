"""At which bank accounts the network's operator takes money in."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from standards.iso20022 import Account, Iso20022Invalid

_Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class BankAccountSettings(BaseModel):
    """One of the operator's accounts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="the holder's, as the bank has it")
    iban: str
    bic: str = ""

    @model_validator(mode="after")
    def _is_account(self) -> "BankAccountSettings":
        object.__setattr__(self, "iban", self.iban.replace(" ", "").upper())
        try:
            Account(self.name, self.iban, self.bic)
        except Iso20022Invalid as invalid:
            raise ValueError(invalid.why) from invalid
        return self

    @property
    def account(self) -> Account:
        return Account(self.name, self.iban, self.bic)


class BankingSettings(BaseModel):
    """The table `[banking]`: `[banking.accounts.EUR]` and so on. Several currencies may come in on one account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    accounts: dict[_Code, BankAccountSettings] = Field(default={}, description="by currency: name, iban, bic")
    valid_days: int = Field(default=14, ge=1, le=365, description="how long an instruction holds that names no end")
    poll_interval_seconds: float = Field(default=1.0, gt=0, description="how often booked money is looked after")
