"""The form of a receipt that is signed: a document, its signature, and the key that made it."""

from shared.domain.notes.canonical_json import canonical
from shared.domain.values import JsonObject

PATIENT_DELETION = "sessionscribe.patient-deletion-receipt"
# What a signature is made of besides the document, so that it is good for nothing else.
_CONTEXT = "sessionscribe receipt v1\n"


def signed_bytes(document: JsonObject) -> bytes:
    """What is signed: the canonical JSON (RFC 8785) of the document, after a line that says what it is."""
    return (_CONTEXT + canonical(document)).encode()
