"""The tables of the work itself rather than of records: turns, tallies, signs of life."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base
from shared.vault.sealing import Sealed


class Turn(Base):
    """When a step of a practice was last claimed: who waited longest comes next."""

    __tablename__ = "turns"

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), primary_key=True)
    served_at: Mapped[datetime]


class Tally(Base):
    """How often something happened, since the first day, and how long it took in all.

    ``bucket`` sorts by duration (see ``shared.db.queries.work.counters``), ``slot`` spreads one count
    over several rows, so that those who count at the same moment seldom wait for each other.
    """

    __tablename__ = "tallies"

    event: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]


class SignOfLife(Base):
    """When a process last said that it goes on with its work."""

    __tablename__ = "signs_of_life"

    process: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Reconciliation(Base):
    """How many of each kind the last comparison of rows, objects and keys found without a counterpart."""

    __tablename__ = "reconciliations"

    kind: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class KeyStoreCheck(Base):
    """The one value that tells the deployment's own key store from any other; see ``KeyStore.seal_check``."""

    __tablename__ = "key_store_checks"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default="1")
    sealed: Mapped[Sealed]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SubjectRotation(Base):
    """A subject's key that is to have a new version, or has.

    ``version``: values under earlier ones are refused. ``sealed_at``: all values and objects were read under
    it. ``ended_at``: the earlier versions are destroyed.
    """

    __tablename__ = "subject_rotations"
    __table_args__ = (
        Index("subject_rotations_open", "practice_id", postgresql_where=text("ended_at IS NULL")),
    )

    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    ordered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sealed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
