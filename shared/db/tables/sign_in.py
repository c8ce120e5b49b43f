"""The tables of people who sign in: logins, browser sessions, invitations, failed tries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.tables.core import Base, within
from shared.vault.sealing import Sealed


class Login(Base):
    """How a person signs in: ``name`` is unique in the whole deployment, in its folded form.

    ``break_glass``: made with a code of the server's command line; it works in any case.
    """

    __tablename__ = "logins"
    __table_args__ = (within("therapist_id", "therapists"),)

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    passphrase_hash: Mapped[str]
    break_glass: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BrowserSession(Base):
    """A browser in which a person is signed in; of its cookie only a peppered digest is kept.

    ``seen_at``: the last act of the person, to within half a minute. ``complete``: all that the person needs
    to sign in was shown. ``confirmed_at``: when it was last shown that it is them. ``provider_session``: a
    peppered digest of what the OpenID provider calls its own session. ``id_token``: what it sent, until the
    session is ended or its row removed: signing out there asks for it.
    """

    __tablename__ = "browser_sessions"
    __table_args__ = (
        within("therapist_id", "therapists"),
        Index("browser_sessions_by_person", "therapist_id", text("created_at DESC")),
        Index("browser_sessions_by_provider_session", "provider_session"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    address: Mapped[Sealed]
    agent: Mapped[Sealed]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    complete: Mapped[bool]
    confirmed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    by_provider: Mapped[bool] = mapped_column(server_default=text("false"))
    provider_session: Mapped[bytes | None] = mapped_column(LargeBinary)
    id_token: Mapped[Sealed | None]


class ProviderIdentity(Base):
    """Who a person is to the OpenID provider; never matched by a name or a mail address."""

    __tablename__ = "provider_identities"
    __table_args__ = (within("therapist_id", "therapists"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProviderLogout(Base):
    """A peppered digest of a logout token of the OpenID provider that was obeyed; of no practice."""

    __tablename__ = "provider_logouts"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]


class TotpFactor(Base):
    """A person's authenticator app; not in use until ``confirmed_at``.

    ``last_step``: the time step of the last code that was taken; no code is taken twice.
    """

    __tablename__ = "totp_factors"
    __table_args__ = (within("therapist_id", "therapists"),)

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    secret: Mapped[Sealed]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """One of a person's codes for when the other factors are lost: a peppered digest, burned by use."""

    __tablename__ = "recovery_codes"
    __table_args__ = (within("therapist_id", "therapists"),)

    therapist_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A passkey: the public half, found by its id in any practice."""

    __tablename__ = "passkeys"
    __table_args__ = (within("therapist_id", "therapists"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID] = mapped_column(index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """A peppered digest of a challenge that a passkey is to sign, once; of no practice."""

    __tablename__ = "passkey_challenges"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A one-time code with which a person gets a login; of the code only a peppered digest is kept.

    ``created_by`` None: the command line on the server, for the first administrator.
    """

    __tablename__ = "invitations"
    __table_args__ = (within("therapist_id", "therapists"), within("created_by", "therapists"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practices.id"))
    therapist_id: Mapped[UUID] = mapped_column(index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FailedTries(Base):
    """Wrong tries in a row, by a peppered digest of the account or the address; of no practice."""

    __tablename__ = "failed_tries"

    subject: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    blocked_until: Mapped[datetime | None]
