import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.invoices.check import check_file
from api.invoices.cli import invoice_app
from chain_node.references import NetworkKey

TRADE = Path(__file__).parents[3] / "examples" / "trade"
UBL, CII = TRADE / "invoice.ubl.xml", TRADE / "invoice.cii.xml"


def run(*arguments: str | Path, given: bytes | None = None) -> Result:
    # Wide, so that no message is wrapped within a path.
    return CliRunner(env={"COLUMNS": "400"}).invoke(invoice_app, ["check", *map(str, arguments)], input=given)


def test_one_object_per_file_and_line() -> None:
    result = run(UBL, CII, "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 0
    assert [record["file"] for record in records] == [str(UBL), str(CII)]
    assert records[0]["fingerprint"] == records[1]["fingerprint"]


def test_a_refused_invoice_is_no_failure_of_the_command(tmp_path: Path) -> None:
    credit = tmp_path / "credit.xml"
    credit.write_text(UBL.read_text(encoding="utf-8").replace(">380<", ">381<"), encoding="utf-8")

    result = run(credit, "--json")

    assert result.exit_code == 0
    (record,) = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert record["financeable"] is False


def test_an_unreadable_file_fails_the_command_but_not_the_other_files(tmp_path: Path) -> None:
    broken = tmp_path / "broken.xml"
    broken.write_bytes(b"<Invoice")

    result = run(broken, tmp_path / "missing.xml", UBL, "--json")
    records = [json.loads(line) for line in result.stdout.splitlines()]

    assert result.exit_code == 1
    assert [record["violations"][0]["rule"] for record in records[:2]] == [
        "PORTOLAN-NOT-XML",
        "PORTOLAN-FILE-UNREADABLE",
    ]
    assert records[2]["valid"] is True


def test_a_key_file_gives_the_networks_own_fingerprint(tmp_path: Path) -> None:
    key_file = tmp_path / "network.key"
    key_file.write_text("11" * 32, encoding="ascii")

    record = json.loads(run(UBL, "--json", "--key-file", key_file).stdout)

    assert record["fingerprint"] == check_file(UBL, NetworkKey(b"\x11" * 32)).as_json()["fingerprint"]
    assert record["fingerprint"] != check_file(UBL).as_json()["fingerprint"]


def test_a_bad_key_file_is_a_wrong_command(tmp_path: Path) -> None:
    result = run(UBL, "--key-file", tmp_path / "missing.key")

    assert result.exit_code == 2
    assert "missing.key" in result.stderr


def test_people_read_a_verdict_and_the_reasons(tmp_path: Path) -> None:
    paid = tmp_path / "paid.xml"
    advance = (
        '<cbc:PrepaidAmount currencyID="EUR">10.00</cbc:PrepaidAmount><cbc:PayableAmount currencyID="EUR">99990.00'
    )
    text = UBL.read_text(encoding="utf-8").replace('<cbc:PayableAmount currencyID="EUR">100000.00', advance)
    paid.write_text(text, encoding="utf-8")

    shown = " ".join(run(UBL, paid).stdout.split())

    assert "UBL: valid, can be financed" in shown
    assert "UBL: valid, cannot be financed" in shown
    assert "refused: 10.00 EUR were paid in advance" in shown


def test_the_help_says_what_the_exit_status_means() -> None:
    shown = " ".join(CliRunner().invoke(invoice_app, ["check", "--help"]).stdout.split())

    assert "1 when some file is not a readable invoice" in shown
    assert "public evaluation key" in shown.replace("│ ", "").replace("│", "")


def test_a_device_without_end_is_too_large() -> None:
    result = run("/dev/zero", UBL, "--json")
    endless, invoice = (json.loads(line) for line in result.stdout.splitlines())

    assert result.exit_code == 1
    assert [found["rule"] for found in endless["violations"]] == ["PORTOLAN-TOO-LARGE"]
    assert invoice["financeable"] is True


def test_a_dash_is_the_standard_input() -> None:
    [record] = [json.loads(line) for line in run("-", "--json", given=UBL.read_bytes()).stdout.splitlines()]

    assert record == check_file(UBL).as_json() | {"file": "-"}


def test_a_name_that_is_no_text_gives_text_all_the_same(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"invoice-\xff-\xc3\xa4.xml")
    odd.write_bytes(UBL.read_bytes())
    code = "from api.invoices.cli import invoice_app; invoice_app()"

    done = subprocess.run(
        [sys.executable, "-c", code, "check", os.fsencode(odd), "--json"], check=True, timeout=240, capture_output=True
    )

    assert json.loads(done.stdout.decode("utf-8"))["file"] == f"{tmp_path}/invoice-\\xff-ä.xml"


def test_the_help_names_the_peppol_rules_that_are_applied() -> None:
    from einvoice import rules_peppol

    shown = CliRunner(env={"COLUMNS": "400"}).invoke(invoice_app, ["check", "--help"]).stdout
    of_the_engine = {rule.rule_id for rule in (*rules_peppol.UBL_RULES, *rules_peppol.CII_RULES)}

    named = {f"PEPPOL-EN16931-{rule}" for rule in re.findall(r"\bR\d{3}\b", shown)}

    assert named == of_the_engine | {"PEPPOL-EN16931-R003", "PEPPOL-EN16931-R051"}


@pytest.mark.parametrize("heavy", ["facturx", "einvoice", "lxml", "pypdf", "web3", "fastapi"])
def test_the_command_line_starts_without_heavy_libraries(heavy: str) -> None:
    code = f"import sys; import api.invoices.cli; sys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=240).returncode == 0
