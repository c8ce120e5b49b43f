"""Whether the database has the tables and columns that this release needs."""

from sqlalchemy import text
from sqlalchemy.orm import Session as DbSession

from shared.db.tables.core import Base

_COLUMNS = text(
    "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND attnum > 0 AND NOT attisdropped"
)


def lacks(db: DbSession) -> set[str]:
    """Columns, as ``table.column``, that are not there (yet): the migrations have not run."""
    there = {f"{row.relname}.{row.attname}" for row in db.execute(_COLUMNS)}
    needed = {f"{table}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    return needed - there
