"""The audit trail in the words that patients read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from shared.domain.disclosures import EXPORT, Giving

READING = frozenset({"read", "read_unsaved", "receipt", "list", "diff", "follow", "history", "awaiting"})
_ACTIONS = {
    "access_log.read": "read this list of who saw the record",
    "audio.read": "listened to the recording",
    "consent.evidence": "noted that consent was heard in a recording",
    "consent_heard.read": "looked for consent in the transcript",
    "consent.given": "noted that consent was given",
    "consent.read": "read who consented to what",
    "consent.withdrawn": "noted that consent was withdrawn",
    "corrections.read": "read the corrections of the transcript",
    "disclosures.read": "read to whom the record was given",
    "disclosure.record": "noted to whom something of the record was given",
    "emergency.begin": "opened the record in an emergency",
    "emergency.end": "ended an emergency access",
    "emergency.seen": "acknowledged an emergency access",
    "notes.accept": "took over new notes",
    "notes.addendum": "added to the signed notes",
    "notes.client_summary": "had a summary for the patient written",
    "notes.cosign": "co-signed the notes",
    "notes.diff": "compared versions of the notes",
    "notes.dismiss": "dismissed new notes",
    "notes.edit": "edited the notes",
    "notes.discard_unsaved": "discarded an edit of the notes that was not saved",
    "notes.keep_unsaved": "began to edit the notes",
    "notes.list": "looked at the list of versions of the notes",
    "notes.read_unsaved": "read an edit of the notes that was not saved",
    "notes.read": "read the notes",
    "notes.render": "put the notes into another template",
    "notes.sign": "signed the notes",
    "package.failed": "could not prepare the patient's copy of the record",
    "package.ended": "removed the patient's copy of the record from the server",
    "package.fetch": "began to fetch the patient's copy of the record",
    "package.read": "looked at how far the patient's copy of the record is",
    "package.ready": "prepared the patient's copy of the record",
    "package.request": "had a copy of the record prepared for the patient",
    "package.withdraw": "took back the patient's copy of the record",
    "part2.flag": "flagged the record under 42 CFR Part 2",
    "part2.unflag": "took the flag of 42 CFR Part 2 away",
    "participant.add": "added a person who takes part",
    "participant.leave": "noted that a person takes part no longer",
    "patient.change": "changed the patient's details or consent",
    "patient.create": "added the patient",
    "patient.delete": "removed the patient",
    "patient.delete_all": "deleted the patient with all sessions that may go",
    "patient.deletion_preview": "looked at what a deletion of the patient removes",
    "patient.read": "looked at the patient's details",
    "patient.receipt": "looked at the receipt of the deletion",
    "patient.retention_read": "looked at how long the record is kept",
    "patient.retention_set": "changed how long the record is kept",
    "process_notes.delete": "deleted the psychotherapy notes",
    "process_notes.read": "read the psychotherapy notes",
    "process_notes.write": "wrote the psychotherapy notes",
    "retention.removed": "removed what was kept long enough",
    "rights.denied": "denied what the patient asked for",
    "rights.ended": "ended a restriction",
    "rights.fulfilled": "did what the patient asked for",
    "rights.read": "read what the patient asked for",
    "rights.request": "noted what the patient asks for",
    "risk.acknowledge": "acknowledged a risk alert",
    "risk.found": "found a mention of risk",
    "risk.list": "looked at risk alerts",
    "risk.overdue": "reminded of a risk alert",
    "session.cancel": "stopped the work on the recording",
    "session.delete": "deleted the session",
    "session.erased": "removed what was stored of the deleted session",
    "session.extract_notes": "had the notes made again",
    "session.follow": "followed the progress of the session",
    "session.history": "looked at the technical history of the session",
    "session.join": "added a further recording to the session",
    "session.list": "looked at the list of sessions",
    "session.off_the_record": "took a part of the recording off the record",
    "session.read": "opened the session",
    "session.retry": "had the recording worked on again",
    "session.separate": "made a further recording that could not be added a session of its own",
    "session.unjoin": "gave up a further recording that could not be added",
    "session.upload": "uploaded the recording",
    "speakers.change": "said who the speakers are",
    "speakers.read": "looked at who the speakers are",
    "supervision.grant": "let the supervisor hear and read the session",
    "supervision.revoke": "closed the session to the supervisor",
    "trail.export": "exported the audit trail about the record",
    "trail.read": "read the audit trail about the record",
    "transcript.correct": "corrected the transcript",
    "transcript.read": "read the transcript",
    "waveform.read": "looked at the waveform of the recording",
}
# Who read in the place of the record's therapist.
_IN_PLACE = {"emergency": " (emergency access)", "supervision": " (supervision)"}
_EXPORTED = {
    "notes": "the notes",
    "transcript": "the transcript",
    "audio": "the recording",
    "patient": "the whole record",
    "process_notes": "the psychotherapy notes",
}


def actor(name: str, people: Mapping[str, str]) -> str:
    """Who acted: a person's name, or what it was."""
    kind, _, who = name.partition(":")
    if kind in ("worker", "dispatcher", "courier", "retention", "eraser", "packager"):
        return "The service itself"
    if who in people:
        return f"{people[who]}{_IN_PLACE.get(kind, '')}"
    if kind == "server":
        return "The operator of the server"
    return "Someone without a valid key" if kind == "unknown" else "A person no longer known here"


def action(name: str, given: Giving | None) -> str:
    """What was done. ``given``: of what left the system."""
    if name.startswith("refused."):
        return "was refused access"
    if given is not None:
        verb = "exported" if name.endswith(EXPORT) else "sent"
        to = f" to {_plain(given.recipient)}" if given.recipient else ""
        why = f", for {_plain(given.purpose)}" if given.purpose else ""
        return f"{verb} {what_left(name, given)}{to}{why}"
    return _ACTIONS.get(name) or _plain(name)


def what_left(name: str, given: Giving) -> str:
    """What was exported, or sent to an engine."""
    if not name.endswith(EXPORT):
        return f"the {_plain(given.what)}"
    exported = _EXPORTED.get(name.removesuffix(EXPORT), _plain(name.removesuffix(EXPORT)))
    return f"{exported} as {given.what}" if given.what else exported


def about(subject_id: UUID | None, patient_id: UUID, dates: Mapping[UUID, datetime]) -> str:
    """Which part of the record."""
    if subject_id == patient_id:
        return "patient"
    date = dates.get(subject_id) if subject_id else None
    return f"session of {date.astimezone(UTC):%Y-%m-%d}" if date else "a session that was deleted"


def _plain(word: str) -> str:
    return word.replace("_", " ").replace(".", ": ")
