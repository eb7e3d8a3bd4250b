"""A token of Debian's SoftHSM2, made in a folder of the test."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_named_curve_parameters
from support.debian import libsofthsm2, softhsm2_util

PIN = "271828"
SECP256K1 = "1.3.132.0.10"


@dataclass
class Token:
    """One token. The module reads once where tokens lie, when it is loaded: all tests of a process share a folder."""

    folder: Path
    label: str

    @property
    def pin_file(self) -> Path:
        return self.folder / f"{self.label}.pin"

    def make_key(self, label: str, curve: str = SECP256K1, number: bytes = b"\x01") -> None:
        """A key made in the token, which never leaves it."""
        with self._session() as session:
            parameters = session.create_domain_parameters(
                KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
            )
            parameters.generate_keypair(mechanism=Mechanism.EC_KEY_PAIR_GEN, store=True, label=label, id=number)

    def take_away(self) -> None:
        self._objects.rename(self.folder / "away")
        self._objects.mkdir()
        pkcs11.lib(str(libsofthsm2())).reinitialize()

    def bring_back(self) -> None:
        self._objects.rmdir()
        (self.folder / "away").rename(self._objects)

    @property
    def _objects(self) -> Path:
        return self.folder / "tokens"

    def _session(self):
        return pkcs11.lib(str(libsofthsm2())).get_token(token_label=self.label).open(user_pin=PIN, rw=True)


def new_token(folder: Path, label: str) -> Token:
    """`folder` is the same for all of a process."""
    (folder / "tokens").mkdir(exist_ok=True)
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    run_util("--init-token", "--free", "--label", label, "--so-pin", PIN, "--pin", PIN)
    token = Token(folder, label)
    token.pin_file.write_text(PIN + "\n")
    token.pin_file.chmod(0o600)
    pkcs11.lib(str(libsofthsm2())).reinitialize()
    return token


def run_util(*arguments: object) -> None:
    """Debian's own command for tokens."""
    util = softhsm2_util()
    environment = util.environment | {"SOFTHSM2_CONF": os.environ["SOFTHSM2_CONF"]}
    command = [str(util.path), "--module", str(libsofthsm2()), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
