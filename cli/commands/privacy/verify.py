"""The command ``verify``: whether a receipt is what the practice signed, without the practice."""

import json
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG
from cli.output import console
from cli.sanitise import one_line
from shared.domain.receipts import signed_bytes
from shared.vault import signing

_MARK = b'{"receipt":'  # how the JSON of a receipt begins, also where it lies in a PDF
_LARGEST = 64 * 1024 * 1024


@click.command(epilog=EPILOG, short_help="Check the signature of a receipt.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--fingerprint",
    help="The practice's key as you know it (GET /api/practice/signing-key); else it is only shown.",
)
def verify(file: Path, fingerprint: str | None) -> None:
    """Check a receipt (JSON, or the PDF with it) offline: its signature, and with which key."""
    signed = _read(file)
    receipt, key = signed["receipt"], signed["receipt"]["signing_key"]
    if not signing.is_signed_by(key.get("public_key"), signed.get("signature"), signed_bytes(receipt)):
        raise CommandError("The receipt was changed, or its signature is not one of its key.", Exit.FAILED)
    found = signing.fingerprint(key["public_key"])
    if fingerprint is not None and fingerprint.strip().lower() != found:
        raise CommandError(f"The receipt is signed with another key: {found}", Exit.FAILED)
    state = "complete" if receipt.get("complete") else "not complete: see what is left in it"
    console.results().print(
        Text(
            f"Signed with key {found}.\n{one_line(receipt.get('type'))}: patient "
            f"{one_line(receipt.get('patient_id'))}, issued {one_line(receipt.get('issued_at'))}, {state}."
        ),
        soft_wrap=True,
    )


def _read(file: Path) -> dict[str, Any]:
    if file.stat().st_size > _LARGEST:
        raise CommandError("The file is larger than a receipt can be.", Exit.USAGE)
    content = file.read_bytes()
    begin = content.find(_MARK) if content.startswith(b"%PDF") else 0
    try:
        found, _ = json.JSONDecoder().raw_decode(content[max(begin, 0) :].decode("utf-8", "replace").lstrip())
        if isinstance(found["receipt"]["signing_key"], dict):
            return dict(found)
    except (ValueError, KeyError, TypeError):
        pass
    raise CommandError("The file holds no receipt of sessionscribe.", Exit.USAGE)
