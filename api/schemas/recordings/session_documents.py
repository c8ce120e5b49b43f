"""A session as clients see it."""

from typing import Any

from api.schemas.recordings.sessions import SessionSchema, SessionSummarySchema
from shared.services.sessions.reading import Record


def summary(record: Record) -> dict[str, Any]:
    """The session in a list: neither transcript nor notes."""
    document: dict[str, Any] = SessionSummarySchema().dump(_facts(record))
    return document


def whole(record: Record) -> dict[str, Any]:
    """Everything of the session; what does not exist yet, or is not the key's to read, is null."""
    notes = record.notes or {}
    document: dict[str, Any] = SessionSchema().dump({
        **_facts(record),
        **_transcript(record),
        "further_recordings": record.further,
        "extracted_notes": record.notes,
        "therapist_summary": notes.get("therapist_notes"),
        "patient_summary": notes.get("patient_summary"),
        "risk_flags": notes.get("risk_flags"),
    })  # fmt: skip
    return document


def _facts(record: Record) -> dict[str, Any]:
    row, left = record.row, record.progress.seconds_left
    columns = (
        "id", "patient_id", "therapist_id", "session_date", "status", "duration_seconds",
        "audio_bytes", "created_at", "updated_at", "processed_at",
    )  # fmt: skip
    return {
        **{column: getattr(row, column) for column in columns},
        "progress": round(record.progress.share * 100),
        "seconds_left": None if left is None else round(left),
        "external_id": record.external_id,
        "audio_filename": record.file_name,
        "audio_sha256": record.sha256,
        "audio_url": None if row.audio_removed_at else f"/api/sessions/{row.id}/audio",
        "error": {"code": row.error_code, "message": row.error_detail} if row.error_code else None,
    }


def _transcript(record: Record) -> dict[str, Any]:
    if record.transcript is None:
        return {"transcript_text": None, "transcript_segments": None, "quality": None, "speakers": None}
    segments = record.transcript["segments"]
    return {
        "transcript_text": "\n".join(segment["text"] for segment in segments),
        "transcript_segments": segments,
        "speakers": record.transcript["speakers"],
        "quality": record.transcript["quality"],
    }
