"""The programs of Debian that tests start are found, or missed with a sentence that says what to do."""

import os
import subprocess

import pytest
from support import debian

from chain_node.compile import ROOT


@pytest.mark.parametrize(
    ("find", "name"),
    [(debian.mosquitto, "mosquitto"), (debian.softhsm2_util, "softhsm2-util"), (debian.promtool, "promtool")],
    ids=["broker", "token", "rules"],
)
def test_missing_program_is_said_with_what_to_do(monkeypatch, tmp_path, find, name):
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)

    with pytest.raises(debian.ToolMissing, match=rf"{name} is not on this machine .* run `make test`"):
        find(tmp_path)


def test_missing_library_is_said_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(debian, "_SYSTEM", tmp_path / "system")

    with pytest.raises(debian.ToolMissing, match=r"libsofthsm2.so is not on this machine"):
        debian.libsofthsm2(tmp_path)


def test_unpacked_program_is_started_with_its_own_libraries(monkeypatch, tmp_path):
    program = tmp_path / "usr" / "sbin" / "mosquitto"
    libraries = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    program.parent.mkdir(parents=True)
    libraries.mkdir(parents=True)
    program.touch(mode=0o755)
    system = debian.shutil.which
    monkeypatch.setattr(debian.shutil, "which", lambda name, path="": system(name, path=path) if path else None)
    monkeypatch.setattr(debian, "_SYSTEM_PROGRAMS", str(tmp_path / "nowhere"))

    tool = debian.mosquitto(tmp_path)

    assert tool.path == program
    assert str(libraries) in tool.environment["LD_LIBRARY_PATH"].split(os.pathsep)


def test_setup_finds_the_programs():
    assert debian.mosquitto().path.is_file()
    assert debian.softhsm2_util().path.is_file()
    assert debian.promtool().path.is_file()
    assert debian.libsofthsm2().is_file()


def test_setup_without_apt_says_what_to_install(tmp_path):
    """With nothing in PATH but the shell's own helpers, where no program is to be found."""
    for name in ("bash", "realpath", "id"):
        (tmp_path / name).symlink_to(debian.shutil.which(name) or name)
    script = (ROOT / "scripts" / "setup" / "debian-tools").read_text().replace("/usr/", str(tmp_path / "usr") + "/")
    (tmp_path / "debian-tools").write_text(script)

    done = subprocess.run(
        ["bash", tmp_path / "debian-tools", tmp_path / "out"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert done.returncode == 1
    for_root = " iproute2" if os.geteuid() == 0 else ""
    assert f"there is no apt-get here: install mosquitto softhsm2 prometheus{for_root} (" in done.stderr
