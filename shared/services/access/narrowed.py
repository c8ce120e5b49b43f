"""The database as row-level security shows it to one who reads in the place of a record's therapist."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database


class NarrowedDatabase(Database):
    """The database with settings in each transaction that row-level security looks at."""

    def __init__(self, whole: Database, settings: Mapping[str, UUID]) -> None:
        self._whole, self._settings = whole, settings

    @contextmanager
    def transaction(self, practice_id: UUID) -> Iterator[DbSession]:
        with self._whole.transaction(practice_id) as db:
            for name, value in self._settings.items():
                db.execute(
                    text("SELECT set_config(:name, :value, true)"), {"name": name, "value": str(value)}
                )
            yield db
