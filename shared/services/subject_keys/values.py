"""Sealed values of a subject, sealed anew under the present version of its key.

A value is replaced only where it still is what was read, so that a change that comes in between stands; it
is under the present version or found by the next look. Plain SQL: no time of change moves.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import BigInteger, TextClause, func, inspect, select, text, union_all
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.tables.core import Patient
from shared.domain import failpoints
from shared.services.operations import sealed_columns
from shared.services.operations.sealed_columns import SEALED_COLUMNS, SealedColumn
from shared.vault.frames import TamperedObject
from shared.vault.keystore import KeyStoreError
from shared.vault.sealing import Subject, Vault, key_version

BATCH = 50


def subjects_of_practice(db: DbSession) -> set[UUID]:
    """Whose keys have sealed values that the transaction sees."""
    found = (select(one.subject.label("id")).where(one.column.is_not(None)) for one in SEALED_COLUMNS)
    return set(db.scalars(select(union_all(*found).subquery().c.id).distinct()))


def seal_anew(database: Database, vault: Vault, subject: Subject, version: int) -> int:
    """Replace the subject's values under earlier versions, a batch in a transaction; gives their number.

    Raises TamperedObject for one that opens under no version, KeyDestroyed and Unavailable.
    """
    count = 0
    with database.sealing(subject.practice_id) as db:
        columns = _columns_with(db, _EARLIER, subject, version)
    for each in columns:
        found = BATCH
        while found == BATCH:
            found = _replace_batch(database, vault, each, subject, version)
            count += found
            failpoints.reach("rotating", "values_replaced")
    return count


def require_all_under(database: Database, vault: Vault, subject: Subject, version: int) -> None:
    """Open every value of the subject under this version; raises TamperedObject for one that does not."""
    with database.sealing(subject.practice_id) as db:
        columns = _columns_with(db, _ANY, subject, version)
        for one in sealed_columns.stored(db, subject.practice_id, subject.id, columns):
            if key_version(one.sealed) != version:
                raise TamperedObject("a sealed value is under a former version of its key")
            vault.open(subject, one.kind, one.sealed)


def closed_patients(database: Database, vault: Vault, practice_id: UUID) -> int:
    """How many patients have a name under a version of their key that is not here."""
    count = 0
    with database.transaction(practice_id) as db:
        for patient in db.scalars(select(Patient).where(Patient.deleted_at.is_(None))):
            with suppress(KeyStoreError, TamperedObject):  # deleted, or damaged
                ring = vault.keys.ring(practice_id, patient.id)
                count += ring.find(key_version(patient.name)) is None
    return count


def _asked_of_all_columns(condition: str) -> TextClause:
    """One round trip for all columns: the numbers of those with such a value. Text, because it is long."""
    return text(
        " UNION ALL ".join(
            f"SELECT {number} WHERE EXISTS (SELECT FROM {one.column.class_.__tablename__}"  # noqa: S608 - our own names
            f" WHERE {one.subject.key} = :subject AND {condition.format(one.column.key)})"
            for number, one in enumerate(SEALED_COLUMNS)
        )
    )


_EARLIER = _asked_of_all_columns("sealed_version({}) < :version")
_ANY = _asked_of_all_columns("{} IS NOT NULL AND CAST(:version AS bigint) > 0")


def _columns_with(db: DbSession, asked: TextClause, subject: Subject, version: int) -> Sequence[SealedColumn]:
    values = {"subject": subject.id, "version": version}
    return [SEALED_COLUMNS[number] for number in db.scalars(asked, values)]


def _replace_batch(
    database: Database, vault: Vault, each: SealedColumn, subject: Subject, version: int
) -> int:
    """Replace some values of one column; gives how many were found."""
    entity = each.column.class_
    keys = [column.name for column in inspect(entity).primary_key]
    row_is = " AND ".join(f"{name} = :{name}" for name in keys)
    replace = text(
        f"UPDATE {entity.__tablename__} SET {each.column.key} = :new_value"  # noqa: S608 - our own names
        f" WHERE {row_is} AND {each.column.key} = :old_value"
    )
    with database.sealing(subject.practice_id) as db:
        is_earlier = func.sealed_version(each.column, type_=BigInteger) < version
        asked = select(entity).where(each.subject == subject.id, is_earlier).limit(BATCH)
        rows = db.scalars(asked.order_by(*inspect(entity).primary_key)).all()
        for row in rows:
            kind, sealed = each.kind_in(row), getattr(row, each.column.key)
            anew = vault.seal(subject, kind, vault.open(subject, kind, sealed))
            values = {name: getattr(row, name) for name in keys}
            db.execute(replace, values | {"new_value": anew.data, "old_value": sealed.data})
    return len(rows)
