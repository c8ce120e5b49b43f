"""The one clock: Postgres'. It sets and judges the times of rows, independently of each process's clock."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession


def now(db: DbSession) -> datetime:
    """When the transaction began."""
    return db.execute(select(func.now())).scalar_one()
