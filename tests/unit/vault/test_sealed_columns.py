"""The list of sealed columns, held to the tables."""

import importlib
import pkgutil

from sqlalchemy.orm import InstrumentedAttribute

from shared.db import tables
from shared.db.tables.base import Base
from shared.db.tables.column_types import Encrypted
from shared.services.operations.sealed_columns import OTHERS, SEALED_COLUMNS


def place(column: InstrumentedAttribute[object]) -> tuple[str, str]:
    """The table and the column."""
    return column.class_.__tablename__, column.key


def sealed() -> set[tuple[str, str]]:
    """Every column of sealed values in any table."""
    for module in pkgutil.iter_modules(tables.__path__):
        importlib.import_module(f"{tables.__name__}.{module.name}")
    columns = (column for table in Base.metadata.tables.values() for column in table.columns)
    return {(column.table.name, column.name) for column in columns if isinstance(column.type, Encrypted)}


def test_every_sealed_column_is_listed_with_its_kind_or_left_out_with_a_reason() -> None:
    listed = [place(one.column) for one in SEALED_COLUMNS] + [place(column) for column in OTHERS]
    assert sorted(listed) == sorted(sealed()), "say in operations/sealed_columns.py what seals it, as what"
    assert all(OTHERS.values())


def test_the_subject_of_a_sealed_column_is_named_by_the_same_table() -> None:
    assert all(one.subject.class_ is one.column.class_ for one in SEALED_COLUMNS)
