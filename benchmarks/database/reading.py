"""Measures reading one session and a page of fifty, with a thousand and with a million rows behind it.

Run ``python -m benchmarks.database.reading``; it takes a minute or two, starts a Postgres of its own, and
leaves nothing. The rows that are read are real (sealed names, transcripts, notes, keys on the
disk); those behind them are made in SQL.
"""

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import create_engine, text

import migrations
from embedded.postgres import DATABASE, SUPERUSER
from serving.app import create_app
from shared import logs
from shared.db.queries.records import notes, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import Patient, Practice, Therapist, TherapySession
from shared.domain.status import Status
from shared.domain.transcripts.serialization import transcript_to_json
from shared.domain.values import Segment, Transcript
from shared.services.access.caller import THERAPIST_SCOPES, Caller
from shared.services.accounts import accounts
from shared.services.resources import Resources
from shared.services.sessions import reading as service
from shared.services.uploads.registration import FILE_NAME
from shared.settings import load
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject
from tests.stack import running_postgres, temporary_folder

THERAPISTS = 100  # with one patient each: the worst case for a list that is filtered by patient
PAGE = 50
NEWEST = datetime(2026, 6, 1, tzinfo=UTC)
MIDDLE = datetime(2023, 1, 1, tzinfo=UTC)

_WITHOUT_FOREIGN_KEYS = """
DO $$ DECLARE found record; BEGIN
    FOR found IN SELECT conname, conrelid::regclass AS owner FROM pg_constraint
                 WHERE contype = 'f' AND conrelid IN ('sessions'::regclass, 'steps'::regclass)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.owner, found.conname); END LOOP;
END $$
"""
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('sessions', 'steps') AND indexname NOT LIKE '%key'
"""
_SESSIONS = """
INSERT INTO sessions (id, practice_id, therapist_id, patient_id, session_date, status, audio_filename,
                      audio_family, audio_bytes, audio_sha256, speakers, template, dispatches, processed_at)
SELECT gen_random_uuid(), :practice, t.id, t.patient_id,
       timestamptz '2020-01-01' + random() * interval '6 years',
       CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'processed' END, '\\x00',
       'mp4', 1, repeat('0', 64), 2, 'default', 0, now()
FROM generate_series(CAST(:first AS integer), :last) AS n
JOIN (SELECT row_number() OVER (ORDER BY therapist_id) - 1 AS number, therapist_id AS id, id AS patient_id
      FROM patients) AS t ON t.number = n % :therapists
"""
_STEPS = """
INSERT INTO steps (session_id, practice_id, name, part, state, audio_seconds, progress, attempt, max_attempts)
SELECT id, practice_id, 'transcribe', 0, 'done', 0, 1, 1, 5 FROM sessions s
WHERE NOT EXISTS (SELECT FROM steps WHERE session_id = s.id)
"""


@dataclasses.dataclass
class Clinic:
    """A therapist who reads, with sessions that can be read at the top and in the middle of the list."""

    caller: Caller
    patient_id: UUID
    session_ids: list[UUID]


def main() -> None:
    """Measure, and print the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--rounds", type=int, default=100)
    wanted = arguments.parse_args()
    logs.configure("benchmark", "WARNING")
    with running_postgres() as postgres, temporary_folder() as folder:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        resources = _resources(postgres.url, folder)
        clinic = _clinic(resources)
        found = {}
        filled = 0
        for rows in (1_000, wanted.rows):
            began = time.monotonic()
            _fill(postgres.url_of(DATABASE, SUPERUSER), clinic.caller.practice_id, filled, rows)
            filled = rows
            filling = round(time.monotonic() - began, 1)
            found[rows] = {"filled_in_seconds": filling, **_measure(resources, clinic, wanted.rounds)}
        resources.database.close()
    few, many = found[1_000], found[wanted.rows]
    ratios = {
        name: round(many[name]["p50_ms"] / few[name]["p50_ms"], 2)
        for name in few
        if isinstance(few[name], dict)
    }
    print(json.dumps({"by_rows": found, "p50_to_that_of_1000_rows": ratios}, indent=2))


def _resources(url: str, folder: Path) -> Resources:
    from api.dependencies import build_resources

    KeyStore.initialise(folder / "keys")
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1/0",  # no read asks it
        "STORAGE_URL": (folder / "recordings").as_uri(),
        "SESSIONSCRIBE_KEYS_DIR": str(folder / "keys"),
    }
    return build_resources(load(environment))


def _clinic(resources: Resources) -> Clinic:
    practice_id = uuid4()
    therapists = [uuid4() for _ in range(THERAPISTS)]
    patients = {therapist: uuid4() for therapist in therapists}
    subject = Subject(practice_id, patients[therapists[0]])
    resources.vault.keys.create(practice_id, subject.id)
    name = resources.vault.seal(subject, "patient.name", "A patient")
    with resources.database.transaction(practice_id) as db:
        db.add(Practice(id=practice_id, name="A practice"))
        db.flush()
        db.add_all(
            Therapist(id=one, practice_id=practice_id, name="A therapist", role="therapist")
            for one in therapists
        )
        db.flush()
        db.add_all(
            Patient(id=patient, practice_id=practice_id, therapist_id=one, name=name)
            for one, patient in patients.items()
        )
    caller = Caller(practice_id, therapists[0], "therapist", THERAPIST_SCOPES, uuid4())
    clinic = Clinic(caller, subject.id, [])
    for top in (NEWEST, MIDDLE):
        for minute in range(PAGE + 10):
            clinic.session_ids.append(_readable(resources, clinic, top - timedelta(minutes=minute)))
    return clinic


def _readable(resources: Resources, clinic: Clinic, at: datetime) -> UUID:
    """A session of an hour, processed, with a transcript of 400 segments and notes."""
    subject = Subject(clinic.caller.practice_id, uuid4())
    vault = resources.vault
    vault.keys.create(subject.practice_id, subject.id)
    spoken = "I have been sleeping a little better since we spoke about it."
    segments = tuple(Segment(n * 9.0, n * 9.0 + 8.0, spoken, "client", None, ()) for n in range(400))
    transcript = transcript_to_json(Transcript(segments, 3600.0, "en", "fake", True, {}))
    with resources.database.transaction(clinic.caller.practice_id) as db:
        row = TherapySession(
            id=subject.id,
            practice_id=subject.practice_id,
            therapist_id=clinic.caller.therapist_id,
            patient_id=clinic.patient_id,
            session_date=at,
            status=Status.FAILED if at > MIDDLE else Status.PROCESSED,
            audio_filename=vault.seal(subject, FILE_NAME, "a.m4a"),
            audio_family="mp4",
            audio_bytes=30_000_000,
            audio_sha256="0" * 64,
            speakers=2,
            template="default",
        )
        sessions.add(db, row)
        steps.insert_chain(db, subject.practice_id, subject.id)
        body = vault.seal(subject, outputs.kind(Product.TRANSCRIPT), transcript)
        outputs.put(db, subject.practice_id, subject.id, Product.TRANSCRIPT, body)
        version = {"version": 1, "engine": "rules", "template": "default"}
        noted = vault.seal(subject, notes.kind(1), {"therapist_notes": spoken * 15})
        notes.add(db, subject.practice_id, subject.id, body=noted, **version)  # type: ignore[arg-type]
    return subject.id


def _fill(url: str, practice_id: UUID, first: int, last: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        # A superuser's statements: row-level security would hide the rows from their own maker.
        # The rows are right by their making: foreign keys need not be looked up a million times.
        connection.execute(text(_WITHOUT_FOREIGN_KEYS))
        indexes = connection.execute(text(_INDEXES)).all()
        for name, _ in indexes:  # made anew at the end, which costs half
            connection.execute(text(f"DROP INDEX {name}"))
        made = {"practice": practice_id, "first": first + 1, "last": last, "therapists": THERAPISTS}
        connection.execute(text(_SESSIONS), made)
        connection.execute(text(_STEPS))
        for _, definition in indexes:
            connection.execute(text(definition))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _measure(resources: Resources, clinic: Clinic, rounds: int) -> dict[str, dict[str, float]]:
    caller, ids = clinic.caller, clinic.session_ids
    after = (MIDDLE + timedelta(seconds=1), UUID(int=0))
    _, key = accounts.create_key(resources, caller.practice_id, caller.therapist_id, None)
    client = create_app(resources).test_client()

    def page(**filters: object) -> Callable[[int], object]:
        return lambda _: service.page(resources, caller, limit=PAGE, **filters)  # type: ignore[arg-type]

    def http(path: Callable[[int], str]) -> Callable[[int], object]:
        def call(number: int) -> None:
            answer = client.get(path(number), headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 200, answer.text

        return call

    first_page = f"/api/sessions/?limit={PAGE}"
    return {
        "one session, service": _times(lambda n: service.get(resources, caller, ids[n % len(ids)]), rounds),
        "one session, HTTP": _times(http(lambda n: f"/api/sessions/{ids[n % len(ids)]}"), rounds),
        "page, service": _times(page(), rounds),
        "page in the middle, service": _times(page(after=after), rounds),
        "page of a patient, service": _times(page(patient_id=clinic.patient_id), rounds),
        "page of a status, service": _times(page(status=Status.FAILED), rounds),
        "page of both, service": _times(page(patient_id=clinic.patient_id, status=Status.FAILED), rounds),
        "page, HTTP": _times(http(lambda _: first_page), rounds),
    }


def _times(call: Callable[[int], object], rounds: int) -> dict[str, float]:
    for number in range(10):
        call(number)
    taken = []
    for number in range(rounds):
        began = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - began) * 1000)
    quantiles = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(quantiles[49], 2), "p99_ms": round(quantiles[98], 2)}


if __name__ == "__main__":
    main()
