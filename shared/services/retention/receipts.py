"""Receipts: a document about a deletion, signed with the practice's key."""

from uuid import UUID, uuid4

from shared.db.queries.privacy import patient_deletions as rows
from shared.db.tables.privacy.retention import SigningKey
from shared.domain.receipts import signed_bytes
from shared.domain.values import JsonObject
from shared.services.resources import Resources
from shared.vault import signing
from shared.vault.sealing import Subject
from shared.vault.signing import fingerprint

__all__ = ["fingerprint", "key_of", "signed"]

KIND = "signing.private_key"


def key_of(resources: Resources, practice_id: UUID) -> SigningKey:
    """The practice's key, made when it is first needed."""
    with resources.database.transaction(practice_id) as db:
        found = rows.signing_key(db, practice_id)
    if found is not None:
        return found
    subject = Subject(practice_id, uuid4())
    private, public = signing.new_key()
    resources.vault.keys.create(practice_id, subject.id)
    sealed = resources.vault.seal(subject, KIND, signing.encoded(private))
    values = {"practice_id": practice_id, "id": subject.id, "public_key": signing.encoded(public)}
    with resources.database.transaction(practice_id) as db:
        rows.add_signing_key(db, {**values, "private_key": sealed})
    return key_of(resources, practice_id)  # the one that was made first


def signed(resources: Resources, practice_id: UUID, document: JsonObject) -> JsonObject:
    """The document with the practice's key in it, and its signature beside it."""
    key = key_of(resources, practice_id)
    whole = {
        **document,
        "signing_key": {
            "algorithm": "Ed25519",
            "public_key": key.public_key,
            "fingerprint": fingerprint(key.public_key),
        },
    }
    private = resources.vault.open(Subject(practice_id, key.id), KIND, key.private_key)
    return {"receipt": whole, "signature": signing.sign(signing.decoded(private), signed_bytes(whole))}
