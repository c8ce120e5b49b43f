"""Sessions with notes, and the calls that change them."""

import json
from copy import deepcopy
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import text
from werkzeug.test import TestResponse

from shared.db.queries.records import notes as rows
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.domain.notes.items import Item
from shared.domain.notes.record import Kind
from shared.domain.notes.values import Notes
from shared.domain.transcripts.serialization import transcript_to_json
from shared.domain.values import ExtractionRequest, JsonObject, Segment, Transcript, Word
from shared.domain.verification.evidence import verified
from shared.domain.verification.risk import with_risk_flags
from shared.services.access.caller import ON_REQUEST_SCOPES, THERAPIST_SCOPES
from shared.services.accounts import accounts, people
from shared.services.resources import Resources
from shared.services.sessions import reading as session_service
from shared.services.steps import extraction, persistence
from shared.vault.sealing import Subject
from tests.integration.api_client import Caller, app_of
from tests.integration.sessions import bench_with, promise
from tests.servers import Office
from workers.engines.rules import RulesExtractor
from workers.engines.rules.risk import screen

EVERYTHING = THERAPIST_SCOPES | ON_REQUEST_SCOPES


# What everybody says in these sessions, over and over: a feeling, a plan, a danger.
SAID = "i felt so anxious at work and i thought about killing myself so i will call my sister on monday"


def processed(resources: Resources, office: Office) -> UUID:
    """A processed session of the office, with the rules' notes as version 1; put there without the work."""
    session_id = promise(resources, office)
    session = Subject(office.caller.practice_id, session_id)
    heard = transcript()
    vault = resources.vault
    said = vault.seal(session, outputs.kind(Product.TRANSCRIPT), transcript_to_json(heard))
    with resources.database.transaction(session.practice_id) as db:
        outputs.put(db, session.practice_id, session_id, Product.TRANSCRIPT, said)
        body = vault.seal(session, rows.kind(1), drafted())
        rows.add(
            db, session.practice_id, session_id, version=1, body=body, engine="rules-1", template="default"
        )
        values = {"id": session_id}
        db.execute(
            text("UPDATE sessions SET status = 'processed', processed_at = now() WHERE id = :id"), values
        )
        db.execute(text("UPDATE steps SET state = 'done' WHERE session_id = :id"), values)
    return session_id


def transcript() -> Transcript:
    """Three times the same words, by two people."""
    pace = 18.0 / len(SAID.split())
    segments = []
    for number in range(3):
        start = number * 20.0
        words = [Word(w, start + i * pace, start + (i + 1) * pace, 0.9) for i, w in enumerate(SAID.split())]
        segments.append(Segment(start, start + 18.0, SAID, f"Speaker {number % 2 + 1}", 0.9, tuple(words)))
    return Transcript(tuple(segments), 60.0, "en", "fake-1", True, {})


@lru_cache
def _drafted() -> str:
    heard = transcript()
    draft = Notes.of(RulesExtractor().extract(heard, ExtractionRequest()))
    notes = verified(with_risk_flags(draft, [Item.of(flag) for flag in screen(heard)]), heard)
    return json.dumps(notes.document)


def drafted() -> JsonObject:
    """What the rules make of that."""
    document: JsonObject = json.loads(_drafted())
    return document


def extract_again(resources: Resources, office: Office, session_id: UUID) -> None:
    """Another extraction, from the call to the published notes."""
    session_service.extract_again(resources, office.caller, session_id)
    finish_extraction(resources, session_id)


def finish_extraction(resources: Resources, session_id: UUID) -> None:
    """What workers do of an extraction."""
    bench = bench_with(resources)
    extraction.extract_notes(bench, session_id)
    persistence.persist(bench, session_id)


class Clinician(Caller):
    """Somebody of a practice with every scope, at one session's notes."""

    def __init__(self, resources: Resources, practice_id: UUID, who: UUID, session_id: UUID) -> None:
        key = accounts.create_key(resources, practice_id, who, EVERYTHING)[1]
        super().__init__(app_of(resources).test_client(), key)
        self.id = who
        self.path = f"/api/sessions/{session_id}/notes"

    def notes(self, **query: Any) -> dict[str, Any]:
        answer = self("GET", self.path, query_string=query)
        assert answer.status_code == 200, answer.json
        assert answer.json is not None
        return dict(answer.json)

    def tag(self) -> str:
        return str(self("GET", self.path).headers["ETag"])

    def put(self, changes: dict[str, Any], tag: str | None = None, **whole: Any) -> TestResponse:
        """The current notes sent back with ``changes``."""
        read = self("GET", self.path)
        body = {**deepcopy(read.json["extracted_notes"]), **changes} if read.json else changes
        headers = {"If-Match": tag or read.headers["ETag"]}
        return self("PUT", self.path, json={"extracted_notes": body, **whole}, headers=headers)

    def post(self, what: str, body: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self("POST", f"{self.path}/{what}", json={} if body is None else body, **options)


def clinician(resources: Resources, office: Office, session_id: UUID) -> Clinician:
    """The session's own therapist."""
    return Clinician(resources, office.caller.practice_id, office.caller.therapist_id, session_id)


def colleague(
    resources: Resources, office: Office, session_id: UUID, name: str = "Sue Pervisor"
) -> Clinician:
    """Another therapist of the practice."""
    person = people.create(resources, office.caller, name, "therapist")
    return Clinician(resources, office.caller.practice_id, person.id, session_id)


def offer_notes(resources: Resources, office: Office, session_id: UUID) -> None:
    """Have version 2 of a processed session's notes on offer, as after an extraction that met an edit."""
    session = Subject(office.caller.practice_id, session_id)
    with resources.database.transaction(session.practice_id) as db:
        body = resources.vault.seal(session, rows.kind(2), drafted())
        facts = {"engine": "rules-1", "template": "default", "kind": Kind.EXTRACTION, "based_on": 1}
        rows.add(db, session.practice_id, session_id, version=2, body=body, **facts)
