"""What every table is made of."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKeyConstraint, String
from sqlalchemy.orm import DeclarativeBase

from shared.db.tables.column_types import Encrypted
from shared.vault.sealing import Sealed


class Base(DeclarativeBase):
    """All tables; times are timezone-aware, words are short strings."""

    type_annotation_map = {datetime: DateTime(timezone=True), Sealed: Encrypted, str: String}  # noqa: RUF012 - SQLAlchemy's own way


def words(*allowed: str) -> str:
    """A list in SQL of the words that a column may hold."""
    return "(" + ", ".join(f"'{word}'" for word in sorted(allowed)) + ")"


def within(column: str, table: str) -> ForeignKeyConstraint:
    """``column`` names a row of ``table`` in the same practice.

    Postgres checks foreign keys past row-level security: a plain one would accept, and so
    tell, the ids of other practices.
    """
    return ForeignKeyConstraint(["practice_id", column], [f"{table}.practice_id", f"{table}.id"])
