"""`portolan invoice`: what the network would say about an invoice, before anything is sent to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.invoices.check import InvoiceReport
    from chain_node.references import NetworkKey

invoice_app = typer.Typer(no_args_is_help=True, help="Look at invoices before they are submitted.")


@invoice_app.callback()
def invoice() -> None:
    """Look at invoices before they are submitted."""


@invoice_app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="Invoices: UBL 2.1 or CII XML, or a PDF that carries one. - is the standard input."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file and line.")] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="The network's key. Without it, fingerprints are taken with a public evaluation key: "
            "good for comparing files with each other, unlike those on any network."
        ),
    ] = None,
) -> None:
    """Say whether invoices are valid, whether they can be financed, and why not.

    Valid means: no fatal finding by the rules of EN 16931, of the profile that the invoice declares (Peppol,
    XRechnung), and of its XML schema; findings carry the official rule ids. Rules that start with PORTOLAN- are ours.
    Of Peppol's rules, these are applied (PEPPOL-EN16931-): R001 R003 R005 R008 R010 R020 R040 R041 R042 R043 R044
    R046 R051 R053 R054 R055 R061 R101 R110 R111 R120 R121 R130. Others, such as those of single countries, are not.
    Financeable means: valid, and nothing in the way such as a credit note, a payment made, an earlier assignment,
    or an amount in another currency than the invoice's.

    Exit status: 0 when every file was checked, whatever the verdicts; 1 when some file is not a readable invoice;
    2 when the command itself was wrong.
    """
    from api.invoices.check import check_file

    key = _key(key_file)
    all_readable = True
    for path in files:
        report = check_file(path, key)
        all_readable = all_readable and report.readable
        if as_json:
            typer.echo(json.dumps(report.as_json(), ensure_ascii=False).encode("utf-8", "replace"))
        else:
            _show(report)
    if not all_readable:
        raise typer.Exit(1)


def _key(key_file: Path | None) -> NetworkKey:
    from api.invoices.check import EVALUATION_KEY
    from chain_node.references import NetworkKey, ReferenceInvalid

    if key_file is None:
        return EVALUATION_KEY
    try:
        return NetworkKey.load(key_file)
    except ReferenceInvalid as invalid:
        raise typer.BadParameter(str(invalid), param_hint="--key-file") from invalid


def _show(report: InvoiceReport) -> None:
    from rich.console import Console
    from rich.text import Text

    from standards.money import written

    console = Console(highlight=False)
    verdict = ("valid" if report.valid else "not valid", "green" if report.valid else "red")
    finance = ("can be financed", "green") if report.financeable else ("cannot be financed", "yellow")
    console.print(Text.assemble((report.file, "bold"), f"  {report.syntax or 'unreadable'}: ", verdict, ", ", finance))
    if report.invoice is not None:
        found = report.invoice
        due = written(found.payable_amount, found.currency)
        console.print(
            f"  {found.number} of {found.issue_date}: {due}, due {found.due_date}; "
            f"{found.supplier.name} to {found.debtor.name}",
            markup=False,
        )
    for violation in report.violations:
        console.print(f"  {violation.severity} {violation.rule}: {violation.message}", markup=False)
    for reason in report.refusals:
        console.print(f"  refused: {reason}", markup=False)
