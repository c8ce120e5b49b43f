"""What goes in and out as JSON about deleted patients and signed receipts."""

from marshmallow import Schema, fields, validate

from api.schemas.recordings.sessions import DeleteQuerySchema, RemovedSchema, SignatureLeftSchema
from shared.schemas.fields import Moment


class PatientDeleteQuerySchema(DeleteQuerySchema):
    """What is deleted with a patient."""

    records = fields.String(
        load_default=None,
        validate=validate.OneOf(("delete",)),
        metadata={"description": "`delete`: every session with all that is in it."},
    )


class ReceiptQuerySchema(Schema):
    """In which form a receipt is wanted."""

    format = fields.String(load_default=None, validate=validate.OneOf(("json", "pdf")))


class SigningKeySchema(Schema):
    """A practice's public key."""

    algorithm = fields.String()
    public_key = fields.String(metadata={"description": "32 bytes in base64."})
    fingerprint = fields.String(metadata={"description": "SHA-256 of the public key, in hex."})


class DeletedSessionSchema(Schema):
    """One session that is gone."""

    session_id = fields.UUID()
    removed = fields.Nested(RemovedSchema)
    signed = fields.List(fields.Nested(SignatureLeftSchema))
    requested_at = Moment()
    erased_at = Moment(allow_none=True)


class SessionLeftSchema(Schema):
    """One session that stays."""

    session_id = fields.UUID()
    why = fields.String(validate=validate.OneOf(("on_hold", "minimum_not_over", "not_deleted")))
    until = fields.String(allow_none=True)


class BackupsSchema(Schema):
    """What backups may hold."""

    may_hold_it_until = Moment(allow_none=True)
    says = fields.String()


class KeptSchema(Schema):
    """Rows that stay as proof, with nothing in them that can be read."""

    rows = fields.Dict(keys=fields.String(), values=fields.Integer())
    says = fields.String()


class PatientReceiptSchema(Schema):
    """What is signed: of its canonical JSON, after a line that names its kind."""

    type = fields.String()
    version = fields.Integer()
    practice_id = fields.UUID()
    patient_id = fields.UUID()
    requested_by = fields.String()
    requested_at = Moment()
    issued_at = Moment()
    complete = fields.Boolean(metadata={"description": "Nothing is left or yet to follow."})
    sessions = fields.List(fields.Nested(DeletedSessionSchema))
    left = fields.List(fields.Nested(SessionLeftSchema))
    shared_with = fields.List(
        fields.Dict(keys=fields.String()),
        metadata={"description": "What engines that send words away and receivers of webhooks had got."},
    )
    given_out = fields.List(
        fields.Dict(keys=fields.String()), metadata={"description": "Exports and disclosures of before."}
    )
    kept = fields.Nested(KeptSchema)
    backups = fields.Nested(BackupsSchema)
    trail = fields.String()
    signing_key = fields.Nested(SigningKeySchema)


class SignedReceiptSchema(Schema):
    """A receipt with its signature; `sessionscribe verify` checks it offline."""

    receipt = fields.Nested(PatientReceiptSchema)
    signature = fields.String(metadata={"description": "Ed25519, in base64."})
