"""The table of the copies of whole records that are prepared for patients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.column_types import Word
from shared.db.tables.core import Base, within
from shared.domain.rights import PackageForm, PackageState
from shared.vault.sealing import Sealed


class RecordPackage(Base):
    """A package. ``id`` names its key, under which the stored file and ``secret`` are.

    ``secret``: the password or the recipient's key; gone once the file is made. ``contents``: which parts of
    which sessions it holds, as ``[session id, action of the trail]``. ``code``: why it ended.
    """

    __tablename__ = "record_packages"
    __table_args__ = (
        CheckConstraint("form IN ('age', 'zip')", name="form_known"),
        CheckConstraint(
            "state IN ('expired', 'failed', 'fetched', 'preparing', 'ready', 'waiting', 'withdrawn')",
            name="state_known",
        ),
        within("patient_id", "patients"),
        Index("record_packages_by_patient", "patient_id", "created_at"),
        Index(
            "record_packages_open",
            "created_at",
            postgresql_where=text("state IN ('preparing', 'ready', 'waiting')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    patient_id: Mapped[UUID]
    request_id: Mapped[UUID | None]
    form: Mapped[PackageForm] = mapped_column(Word(PackageForm))
    state: Mapped[PackageState] = mapped_column(Word(PackageState), default=PackageState.WAITING)
    code: Mapped[str | None]
    secret: Mapped[Sealed | None]
    contents: Mapped[list[list[str]]] = mapped_column(JSONB, default=list)
    parts_done: Mapped[int] = mapped_column(default=0)
    parts_total: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(default=0)
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    created_by: Mapped[UUID]
    key_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
