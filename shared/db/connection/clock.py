"""The one clock: Postgres'. By it a row's time is set and judged, whatever a process takes the time to be."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession


def now(db: DbSession) -> datetime:
    """When the transaction began."""
    return db.execute(select(func.now())).scalar_one()
