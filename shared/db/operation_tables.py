"""The tables of the work itself rather than of records: whose turn it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables import Base


class Turn(Base):
    """When a step of a practice was last claimed: who waited longest comes next."""

    __tablename__ = "turns"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    served_at: Mapped[datetime]
