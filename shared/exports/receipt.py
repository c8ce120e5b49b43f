"""The receipt of a deletion as a PDF: what is read, and beside it the signed JSON as an attachment."""

import json
from collections.abc import Iterator

from shared.domain.values import JsonObject
from shared.exports.shapes import Block, Line, Outline, word

ATTACHED = "receipt.json"


def receipt_pdf(signed: JsonObject) -> bytes:
    """The PDF of a signed receipt; ``sessionscribe verify`` checks the JSON in it."""
    # Not before a PDF is asked for: its libraries look for numpy, which the API otherwise never loads.
    from shared.exports.pdf import as_pdf

    return as_pdf(_outline(signed), attached=(ATTACHED, json.dumps(signed).encode()))


def _outline(signed: JsonObject) -> Outline:
    receipt, key = signed["receipt"], signed["receipt"]["signing_key"]
    complete = receipt["complete"]
    return Outline(
        title="Receipt of deletion",
        banner="COMPLETE" if complete else "NOT COMPLETE. See what is left.",
        is_final=complete,
        facts=(
            ("Patient", receipt["patient_id"]),
            ("Requested", f"{receipt['requested_at']} by {receipt['requested_by']}"),
            ("Issued", receipt["issued_at"]),
        ),
        blocks=(
            Block("Deleted", _lines(map(_deleted, receipt["sessions"]), "No session was deleted.")),
            Block("Left, and why", _lines(_left(receipt), "Nothing.")),
            Block("What others had got", _lines(map(_shared, receipt["shared_with"]), "Nothing.")),
            Block("Exports and disclosures before", _lines(map(_given, receipt["given_out"]), "None.")),
        ),
        closing=(
            ("Key (SHA-256 of the Ed25519 public key)", key["fingerprint"]),
            ("Signature of the attached receipt.json", signed["signature"]),
        ),
    )


def _lines(texts: Iterator[str], nothing: str) -> tuple[Line, ...]:
    return tuple(Line(text, is_item=True) for text in texts) or (Line(nothing),)


def _deleted(session: JsonObject) -> str:
    what = ", ".join(f"{count} {word(name)}" for name, count in session["removed"].items() if count)
    erased = session["erased_at"] or "not yet: the storage is away"
    hashes = "".join(f" Signed version {one['version']}: {one['content_hash']}." for one in session["signed"])
    return f"Session {session['session_id']}: {what or 'nothing'}. Key and objects gone: {erased}.{hashes}"


def _left(receipt: JsonObject) -> Iterator[str]:
    for session in receipt["left"]:
        until = f", until {session['until']}" if session["until"] else ""
        yield f"Session {session['session_id']}: {word(session['why'])}{until}."
    kept = ", ".join(f"{count} {word(name)}" for name, count in receipt["kept"]["rows"].items() if count)
    yield f"Proof. {f'{kept}. ' if kept else ''}{receipt['kept']['says']}"
    until = (
        receipt["backups"]["may_hold_it_until"] or "not known: the service is not told how long they are kept"
    )
    yield f"Backups. {receipt['backups']['says']} Until: {until}."
    yield f"Audit trail. {receipt['trail']}"


def _shared(one: JsonObject) -> str:
    if one["what"] == "engine":
        return f"Engine {one['engine']} ({one['kind']}): {one['count']} calls. Ask its operator to delete it."
    return f"Webhook {one['webhook_id']}: {one['count']} messages with ids and codes, without content."


def _given(one: JsonObject) -> str:
    to = f" to {word(one['recipient'])}" if one["recipient"] else ""
    why = f" for {word(one['purpose'])}" if one["purpose"] else ""
    again = f", {one['count']} times, the last" if one["count"] > 1 else ""
    return f"{one['what'].capitalize()}{to}{why}{again} at {one['last_at']}. Ask the recipient to delete it."
