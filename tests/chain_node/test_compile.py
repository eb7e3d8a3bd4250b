from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chain_node.abi import client_files
from chain_node.compile import (
    CONTRACTS,
    ROOT,
    Artifact,
    CompileError,
    CompilerSettings,
    code_version,
    compile_contracts,
)

SOURCE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import {Rates} from "../types/Rates.sol";
contract Tiny {
    uint256 public immutable start;
    constructor(uint256 start_) { start = start_; }
    function year() external pure returns (uint256) { return Rates.COMMON_YEAR_DAYS; }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one small contract with our compiler and settings."""
    for folder in ("chain_node/solc", "contracts/types"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "foundry.toml", tmp_path)
    for link in ("node_modules", ".venv"):
        (tmp_path / link).symlink_to(ROOT / link)
    (tmp_path / "contracts/tiny").mkdir()
    (tmp_path / "contracts/tiny/Tiny.sol").write_text(SOURCE)
    return tmp_path


def ask_launcher(folder: Path, question: dict[str, object], **env: str) -> dict[str, object]:
    """What the compiler answers to standard JSON, about sources that import from `folder`."""
    command = ["node", str(ROOT / "chain_node/solc/launcher.js"), "--standard-json", "--base-path", str(folder)]
    done = subprocess.run(
        command, input=json.dumps(question), capture_output=True, text=True, check=True, env={**os.environ, **env}
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def code_without_metadata(code: str) -> str:
    """The last two bytes of a contract's code are the length of the metadata before them."""
    return code[: -2 * (int(code[-4:], 16) + 2)]


@pytest.mark.slow
def test_forge_and_py_solc_x_compile_to_the_same_code() -> None:
    ours = compile_contracts()
    command = ["forge", "build", "--skip", "test", "--quiet"]
    env = {**os.environ, "PATH": f"{ROOT}/node_modules/.bin:{ROOT}/.venv/bin:{os.environ['PATH']}"}
    subprocess.run(command, cwd=ROOT, check=True, env=env)

    for name in CONTRACTS:
        theirs = json.loads((ROOT / "build/forge" / f"{name}.sol" / f"{name}.json").read_text())
        code, deployed = theirs["bytecode"]["object"][2:], theirs["deployedBytecode"]["object"][2:]
        assert code_without_metadata(code) == code_without_metadata(ours[name].bytecode), name
        assert code_without_metadata(deployed) == code_without_metadata(ours[name].deployed_bytecode), name


def test_contracts_fit_the_size_limit_of_mainnet() -> None:
    sizes = {name: len(artifact.deployed_bytecode) // 2 for name, artifact in compile_contracts().items()}

    assert {name: size for name, size in sizes.items() if size > 0x6000} == {}


def test_interfaces_of_the_client_are_up_to_date() -> None:
    files = client_files(compile_contracts())

    stale = [path.name for path, text in files.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `portolan node abi`"


def test_settings_are_forges() -> None:
    settings = CompilerSettings.read()

    assert (settings.optimizer, settings.optimizer_runs, settings.evm_version) == (True, 1_000_000, "cancun")
    assert ("@openzeppelin/", "node_modules/@openzeppelin/") in settings.remappings


def test_second_compilation_comes_from_the_cache(project: Path) -> None:
    first = compile_contracts(["Tiny"], project)
    (project / "chain_node/solc/solc").write_text("#!/bin/sh\nexit 9\n")

    assert compile_contracts(["Tiny"], project) == first


@pytest.mark.parametrize("file", ["contracts/tiny/Tiny.sol", "contracts/types/Rates.sol"])
def test_change_of_a_source_or_an_import_is_compiled_anew(project: Path, file: str) -> None:
    before = compile_contracts(["Tiny"], project)["Tiny"]
    path = project / file
    path.write_text(
        path.read_text().replace("26_280", "26_281").replace("start;", "begin;").replace("start =", "begin =")
    )

    after = compile_contracts(["Tiny"], project)["Tiny"]

    assert after.bytecode != before.bytecode
    assert code_version([after]) != code_version([before])
    assert len(list((project / "build/contracts").glob("Tiny-*.json"))) == 1


def test_compiler_s_complaint_is_passed_on_with_its_place(project: Path) -> None:
    (project / "contracts/tiny/Tiny.sol").write_text(SOURCE.replace("returns (uint256)", "returns (uint257)"))

    with pytest.raises(CompileError, match=r"contracts/tiny/Tiny\.sol:7"):
        compile_contracts(["Tiny"], project)


def test_missing_import_is_named(project: Path) -> None:
    (project / "contracts/types/Rates.sol").unlink()

    with pytest.raises(CompileError, match=r"contracts/types/Rates\.sol: cannot be read: No such file"):
        compile_contracts(["Tiny"], project)


def test_contract_that_does_not_exist_is_named(project: Path) -> None:
    with pytest.raises(CompileError, match=r"0 files are named Huge\.sol"):
        compile_contracts(["Huge"], project)


def test_deployed_code_is_recognised_whatever_its_immutables_hold(project: Path) -> None:
    artifact: Artifact = compile_contracts(["Tiny"], project)["Tiny"]
    code = bytearray(bytes.fromhex(artifact.deployed_bytecode))
    start, length = artifact.immutables[0]
    code[start : start + length] = (42).to_bytes(length, "big")
    other = bytearray(code)
    other[0] ^= 1

    assert artifact.is_code(bytes(code))
    assert not artifact.is_code(bytes(other))
    assert not artifact.is_code(b"")


def test_answer_in_parts_is_the_answer_in_one_piece(tmp_path: Path) -> None:
    """Brownie asks so: everything of "*", which is of imported files too."""
    head = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\n"
    (tmp_path / "Base.sol").write_text(head + "contract Base { uint256 public base; }\n")
    sources = {
        f"C{i}.sol": {"content": f'{head}import {{Base}} from "Base.sol";\ncontract C{i} is Base {{}}\n'}
        for i in range(205)
    }
    settings = {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"], "": ["ast"]}}}
    question = {"language": "Solidity", "sources": sources, "settings": settings}

    in_parts = ask_launcher(tmp_path, question)

    assert in_parts == ask_launcher(tmp_path, question, PORTOLAN_SOLC_PART="1")
    contracts, asts = in_parts["contracts"], in_parts["sources"]
    assert isinstance(contracts, dict)
    assert isinstance(asts, dict)
    assert set(contracts) == {*sources, "Base.sol"}
    assert all("ast" in its for its in asts.values())


def test_question_larger_than_the_compilers_stack_is_answered(tmp_path: Path) -> None:
    """It ends at about four megabytes; the sources of all contracts and tests are more."""
    source = (
        "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.37;\ncontract Long {}\n" + "// so on\n" * 700_000
    )
    settings = {"outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}}}

    answer = ask_launcher(
        tmp_path, {"language": "Solidity", "sources": {"Long.sol": {"content": source}}, "settings": settings}
    )

    contracts = answer["contracts"]
    assert isinstance(contracts, dict)
    assert contracts["Long.sol"]["Long"]["evm"]["bytecode"]["object"]
