"""A session with a recording that sounds, its transcript and notes; put there without the work."""

import hashlib
import io
import math
import struct
import wave
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text

from shared.db.queries.records import notes as note_rows
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.domain.notes.items import Item
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.domain.transcripts.serialization import transcript_to_json
from shared.domain.transcripts.waveform import Waveform
from shared.domain.values import SAMPLE_RATE, ExtractionRequest, Segment, Transcript, Word
from shared.domain.webhooks import USUAL
from shared.services.alerts import risk_alerts
from shared.services.resources import Resources
from shared.services.retention import holds, rules
from shared.services.retention.holds import Target
from shared.services.transcripts import waveform
from shared.services.webhooks import delivery_log
from shared.services.webhooks import endpoints as webhooks
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject
from tests.integration.sessions import promise
from tests.note_documents import checked
from tests.servers import Office
from workers.engines.rules import RulesExtractor
from workers.engines.rules.risk import screen

SECONDS = 60.0
TURNS = (
    ("Speaker 1", "How have you been sleeping since we last met?"),
    ("Speaker 2", "I slept badly and I felt anxious at work all week."),
    ("Speaker 1", "Please write in the worry journal every day this week."),
    ("Speaker 2", "Sometimes I want to kill myself."),
    ("Speaker 1", "I am glad that you tell me. Are you safe tonight?"),
    ("Speaker 2", "My sister stays with me and I will call her."),
)


def put(resources: Resources, office: Office, heard: Transcript | None = None) -> UUID:
    """A session of a transcript; else of TURNS, the second with words in doubt, the fourth with a risk."""
    session_id = promise(resources, office)
    session, vault = Subject(office.caller.practice_id, session_id), resources.vault
    sound = recording()
    with resources.recordings.create(session, RECORDING) as write:
        write(sound)
    heard = heard or transcript()
    flags = screen(heard)
    notes = checked(RulesExtractor().extract(heard, ExtractionRequest()), heard, flags)
    drawn = waveform.sealed(vault, session, Waveform(SAMPLE_RATE // 10, (-40, 40) * 600))
    alert = risk_alerts.alert_for(resources, session, [Item.of(flag) for flag in flags])
    with resources.database.transaction(session.practice_id) as db:
        said = vault.seal(session, outputs.kind(Product.TRANSCRIPT), transcript_to_json(heard))
        outputs.put(db, session.practice_id, session_id, Product.TRANSCRIPT, said)
        outputs.put(db, session.practice_id, session_id, Product.WAVEFORM, drawn)
        body = vault.seal(session, note_rows.kind(1), notes)
        note_rows.add(
            db, session.practice_id, session_id, version=1, body=body, engine="rules-1", template="default"
        )
        risk_alerts.raise_alert(db, session, alert)
        db.execute(
            text(
                "UPDATE sessions SET status = 'processed', processed_at = now(), duration_seconds = :seconds,"
                " audio_bytes = :size, audio_sha256 = :digest WHERE id = :id"
            ),
            {
                "id": session_id,
                "seconds": heard.duration_seconds,
                "size": len(sound),
                "digest": hashlib.sha256(sound).hexdigest(),
            },
        )
        db.execute(text("UPDATE steps SET state = 'done' WHERE session_id = :id"), {"id": session_id})
    return session_id


def transcript(turns: Sequence[tuple[str, str]] = TURNS) -> Transcript:
    """Turns of ten seconds with words at even times."""
    segments = []
    for number, (speaker, said) in enumerate(turns):
        start, texts = number * 10.0, said.split()
        pace = 9.0 / len(texts)
        sure = 0.3 if number == 1 else 0.95
        words = [Word(t, start + i * pace, start + (i + 1) * pace, sure) for i, t in enumerate(texts)]
        segments.append(Segment(start, start + 9.0, said, speaker, sure, tuple(words)))
    roles = {
        "Speaker 1": {"role": "therapist", "confidence": 0.9},
        "Speaker 2": {"role": "client", "confidence": 0.9},
    }
    quality = {"speaker_roles": roles, "low_confidence_spans": [{"start": 10.0, "end": 19.0}]}
    return Transcript(tuple(segments), len(turns) * 10.0, "en", "fake-1", True, quality)


def recording() -> bytes:
    """A WAV file of a quiet tone, short of samples so that a browser has it soon."""
    rate = 8000
    tone = b"".join(struct.pack("<h", int(2000 * math.sin(0.3 * n))) for n in range(rate))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(tone * int(SECONDS))
    return file.getvalue()


def put_office(resources: Resources, office: Office, session_id: UUID) -> UUID:
    """Two holds, one of them to be lifted, a rule, and a webhook with a message; gives the webhook's id."""
    who, review = office.caller, date(2100, 1, 1)
    patient, session = Target(patient_id=office.patient_id), Target(session_id=session_id)
    held = holds.place(resources, who, patient, matter="A v. B", reason="Subpoena", review_on=review)
    holds.ask_to_lift(resources, who, held.id)
    holds.place(resources, who, session, matter="C v. D", reason="Subpoena", review_on=review)
    kind, event = RetentionKind.RECORDING, RetentionEvent.SESSION
    rules.set_rule(resources, who, kind, event, days=0, grace_days=0)
    endpoint, _ = webhooks.create(resources, who, "https://hook.example/", USUAL, "Records")
    delivery_log.test(resources, who, endpoint.id)
    return endpoint.id
