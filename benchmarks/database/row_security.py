"""What the second wall costs: transactions with it and without, in turns, in one run.

``python -m benchmarks.database.row_security`` starts a Postgres of its own. The same indexed read of one
session among ``SESSIONS`` of fifty practices, bare (the superuser, no role taken, no policy) and
as the application. Milliseconds for a whole transaction; the ratio is to the bare one.
"""

import statistics
import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session as DbSession
from sqlalchemy.orm import sessionmaker

import migrations
from embedded.postgres import DATABASE, SUPERUSER
from shared.db.connection.engine import Database
from shared.db.tables.core import TherapySession
from tests.stack import running_postgres

PRACTICES, SESSIONS = 50, 100_000
ROUNDS, TRANSACTIONS = 40, 50

_FILL = """
INSERT INTO practices (id, name) SELECT gen_random_uuid(), 'p' FROM generate_series(1, :practices);
INSERT INTO therapists (id, practice_id, name, role)
    SELECT gen_random_uuid(), id, 't', 'therapist' FROM practices;
INSERT INTO patients (id, practice_id, therapist_id, name)
    SELECT gen_random_uuid(), practice_id, id, '' FROM therapists;
INSERT INTO sessions (id, practice_id, therapist_id, patient_id, session_date, status, audio_filename,
                      audio_family, audio_bytes, audio_sha256, speakers, template, dispatches)
    SELECT gen_random_uuid(), practice_id, therapist_id, id, now() - n * interval '1 minute', 'processed',
           '', 'wav', 1, '', 2, 'default', 0
    FROM patients, generate_series(1, :each) n;
"""


def main() -> None:
    """Print the two medians, their difference and their ratio, for a read by id and for a page."""
    with running_postgres() as postgres:
        postgres.create_database()
        migrations.upgrade(postgres.owner_url)
        bare = sessionmaker(create_engine(postgres.url_of(DATABASE, SUPERUSER), pool_pre_ping=True))
        with bare.begin() as db:
            db.execute(text(_FILL), {"practices": PRACTICES, "each": SESSIONS // PRACTICES})
        with bare.begin() as db:
            db.connection().exec_driver_sql("ANALYZE")
            row = db.scalars(select(TherapySession).limit(1)).one()
            practice, therapist, session = row.practice_id, row.therapist_id, row.id
        database = Database(postgres.url)
        for name, query in (("one", _one(session, therapist)), ("page of 50", _page(therapist))):

            def without(query: Callable[[DbSession], object] = query) -> None:
                with bare.begin() as db:
                    query(db)

            def walled(query: Callable[[DbSession], object] = query) -> None:
                with database.transaction(practice) as db:
                    query(db)

            _report(name, without, walled)
        database.close()


def _one(session: UUID, therapist: UUID) -> Callable[[DbSession], object]:
    wanted = select(TherapySession).where(TherapySession.therapist_id == therapist)
    return lambda db: db.scalars(wanted.where(TherapySession.id == session)).one()


def _page(therapist: UUID) -> Callable[[DbSession], object]:
    wanted = select(TherapySession).where(TherapySession.therapist_id == therapist)
    newest = wanted.order_by(TherapySession.session_date.desc(), TherapySession.id.desc()).limit(50)
    return lambda db: db.scalars(newest).all()


def _report(name: str, without: Callable[[], None], walled: Callable[[], None]) -> None:
    times: dict[Callable[[], None], list[float]] = {without: [], walled: []}
    for _ in range(ROUNDS):
        for transaction, found in times.items():  # in turns, so that both meet the same noise
            for _ in range(TRANSACTIONS):
                began = time.perf_counter()
                transaction()
                found.append((time.perf_counter() - began) * 1000)
    bare, wall = (statistics.median(found) for found in times.values())
    print(f"{name:<12} bare {bare:.3f} ms, walled {wall:.3f} ms: +{wall - bare:.3f} ms, x {wall / bare:.2f}")


if __name__ == "__main__":
    main()
