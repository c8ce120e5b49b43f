"""Every column of sealed values: whose key seals it, and as what kind. A test holds it to the tables.

What opens stored values without knowing their feature, such as sealing them under a new version of their
key, needs both: a value opens only as the kind that it was sealed as.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import alerts, notes
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.alerts import RiskAlert
from shared.db.tables.core import Output, Patient, TherapySession
from shared.db.tables.engines import PracticeEngines, TherapistWords
from shared.db.tables.lifecycle import RemovalRow
from shared.db.tables.operations import KeyStoreCheck
from shared.db.tables.privacy.audit import Disclosure
from shared.db.tables.privacy.consent import ConsentRow, Participant
from shared.db.tables.privacy.emergency import EmergencyAccess
from shared.db.tables.privacy.packages import RecordPackage
from shared.db.tables.privacy.retention import Hold, SigningKey
from shared.db.tables.privacy.rights import RightsRequest
from shared.db.tables.records import NotesVersion, NoteTemplate, ProcessNotes
from shared.db.tables.sign_in import BrowserSession, TotpFactor
from shared.db.tables.uploads import Upload
from shared.db.tables.webhooks import WebhookEndpoint
from shared.domain import webhooks
from shared.domain.removals import Removal
from shared.services import patients
from shared.services.access import emergency
from shared.services.audit_trail import disclosures
from shared.services.consents import history
from shared.services.engines import practice_engines
from shared.services.notes import process_notes, templates
from shared.services.retention import holds, receipts
from shared.services.rights import packages, requests
from shared.services.sessions import digests, references
from shared.services.sign_in import browser_sessions, provider_sign_out, second_factor
from shared.services.transcripts import vocabulary
from shared.services.uploads import registration, tus_creation
from shared.vault.sealing import Sealed, Subject

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values; ``subject`` is the column that names whose key seals them.

    ``kind`` is what a value is sealed as, or makes it of the row.
    """

    column: Column
    subject: Column
    kind: str | Callable[[Any], str]

    def kind_in(self, row: Any) -> str:
        """What the value of this row is sealed as."""
        return self.kind if isinstance(self.kind, str) else self.kind(row)


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A sealed value as it is stored, with all that opens it."""

    column: SealedColumn
    row: Any
    subject: Subject
    kind: str
    sealed: Sealed


def _removal_kind(row: RemovalRow) -> str:
    """An entry of the list holds a copy of what its trigger was given."""
    kinds = {Removal.HOLD: holds.KIND, Removal.RESTRICTION: requests.AGREED}
    return kinds.get(row.kind) or outputs.kind(Product.OFF_RECORD)


SEALED_COLUMNS = (
    SealedColumn(Patient.name, Patient.id, patients.NAME),
    SealedColumn(TherapySession.audio_filename, TherapySession.id, registration.FILE_NAME),
    SealedColumn(TherapySession.audio_digest, TherapySession.id, digests.KIND),
    SealedColumn(TherapySession.external_id, TherapySession.id, references.KIND),
    SealedColumn(TherapySession.vocabulary, TherapySession.id, registration.VOCABULARY),
    SealedColumn(Output.body, Output.session_id, lambda row: outputs.kind(Product(row.name), row.part)),
    SealedColumn(NotesVersion.body, NotesVersion.session_id, lambda row: notes.kind(row.version)),
    SealedColumn(ProcessNotes.body, ProcessNotes.session_id, process_notes.KIND),
    SealedColumn(RiskAlert.findings, RiskAlert.session_id, lambda row: alerts.findings_kind(row.id)),
    SealedColumn(RiskAlert.note, RiskAlert.session_id, lambda row: alerts.note_kind(row.id)),
    SealedColumn(Upload.details, Upload.id, tus_creation.DETAILS),
    SealedColumn(Participant.name, Participant.patient_id, history.NAME),
    SealedColumn(ConsentRow.text, ConsentRow.patient_id, history.TEXT),
    SealedColumn(Hold.details, Hold.patient_id, holds.KIND),
    SealedColumn(Disclosure.details, Disclosure.patient_id, disclosures.DETAILS),
    SealedColumn(RightsRequest.words, RightsRequest.patient_id, requests.WORDS),
    SealedColumn(RightsRequest.answer, RightsRequest.patient_id, requests.ANSWER),
    SealedColumn(RightsRequest.agreed, RightsRequest.patient_id, requests.AGREED),
    SealedColumn(RecordPackage.secret, RecordPackage.id, packages.SECRET),
    SealedColumn(EmergencyAccess.reason, EmergencyAccess.patient_id, emergency.REASON),
    SealedColumn(RemovalRow.sealed, RemovalRow.subject_id, _removal_kind),
    SealedColumn(NoteTemplate.body, NoteTemplate.id, templates.BODY),
    SealedColumn(SigningKey.private_key, SigningKey.id, receipts.KIND),
    SealedColumn(PracticeEngines.vocabulary, PracticeEngines.practice_id, practice_engines.VOCABULARY),
    SealedColumn(TherapistWords.body, TherapistWords.therapist_id, vocabulary.KIND),
    SealedColumn(BrowserSession.address, BrowserSession.therapist_id, browser_sessions.ADDRESS),
    SealedColumn(BrowserSession.agent, BrowserSession.therapist_id, browser_sessions.AGENT),
    SealedColumn(BrowserSession.id_token, BrowserSession.therapist_id, provider_sign_out.ID_TOKEN),
    SealedColumn(TotpFactor.secret, TotpFactor.therapist_id, second_factor.KIND),
    SealedColumn(WebhookEndpoint.url, WebhookEndpoint.id, webhooks.URL),
    SealedColumn(WebhookEndpoint.label, WebhookEndpoint.id, webhooks.LABEL),
    SealedColumn(WebhookEndpoint.secret, WebhookEndpoint.id, webhooks.SECRET),
    SealedColumn(WebhookEndpoint.old_secret, WebhookEndpoint.id, webhooks.SECRET),
)

# Columns of the type that no subject's key seals, each with the reason.
OTHERS: dict[Column, str] = {
    KeyStoreCheck.sealed: "the root key seals it, and no rotation may change it: older backups must open",
}


def stored(
    db: DbSession,
    practice_id: UUID,
    subject_id: UUID | None = None,
    columns: Sequence[SealedColumn] = SEALED_COLUMNS,
) -> Iterator[StoredValue]:
    """The sealed values that the transaction sees in these columns: the practice's, or a subject's."""
    for each in columns:
        asked = select(each.column.class_).where(each.column.is_not(None))
        if subject_id is not None:
            asked = asked.where(each.subject == subject_id)
        for row in db.scalars(asked):
            subject = Subject(practice_id, getattr(row, each.subject.key))
            yield StoredValue(each, row, subject, each.kind_in(row), getattr(row, each.column.key))
