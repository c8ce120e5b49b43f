"""Notes as they are read: the current version, its predecessors, what they differ in, who signed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.db.queries.records import notes as rows
from shared.db.queries.records.notes import Signed
from shared.db.tables.records import NotesVersion
from shared.domain.notes import values
from shared.domain.notes.diff import Change, differences, of_value
from shared.domain.notes.rechecking import rechecked
from shared.domain.notes.record import STANDING_ALONE, Decision, Kind, Standing
from shared.domain.notes.review import AT_SIGNING
from shared.domain.notes.stored import upgraded
from shared.domain.transcripts.speakers import shown_notes
from shared.domain.values import JsonObject
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.notes.rows import Found, document_of, find, is_shown, readable, transcript_of
from shared.services.resources import Resources
from shared.services.transcripts import reading as transcripts


@dataclass(frozen=True, slots=True, repr=False)
class Addendum:
    """What was added to signed notes."""

    version: int
    author_id: UUID | None
    created_at: datetime
    text: str
    signatures: tuple[Signed, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Version:
    """One version of a session's notes without its text."""

    version: int
    kind: Kind
    standing: Standing
    author_id: UUID | None
    based_on: int | None
    engine: str
    template: str
    created_at: datetime
    signatures: tuple[Signed, ...]
    author: str | None = None  # the name, in a list of versions


@dataclass(frozen=True, slots=True, repr=False)
class Notes:
    """One version of a session's notes, with what was added to it and what is offered instead.

    ``document`` is of ``NotesSchema``; of an addendum it is ``{text}``.
    """

    head: Version
    document: JsonObject
    addenda: tuple[Addendum, ...] = ()
    offered: int | None = None

    @property
    def notices(self) -> list[JsonObject]:
        """``{code, detail}`` of what a signer must know: what was not screened for risk."""
        return [r for r in self.document.get("review_reasons", ()) if r["code"] in AT_SIGNING]

    @property
    def tag(self) -> str:
        """Changes with every change that an edit could lose; see ``is_base``."""
        signed = len(self.head.signatures) + sum(len(addendum.signatures) for addendum in self.addenda)
        return f"{self.base}.{signed}.{self.offered or 0}"

    @property
    def base(self) -> str:
        """What of the tag an edit is held to: an offer that came meanwhile takes nothing from it."""
        return f"{self.head.version}.{len(self.head.signatures)}"


ANY = "*"  # named by a caller who changes any version


def is_base(tag: str, seen: Notes) -> bool:
    """Whether a change of what ``tag`` names is a change of these notes."""
    return tag == ANY or ".".join(tag.split(".")[:2]) == seen.base


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """The changes from one version to another."""

    before: int | None
    after: int
    changes: Sequence[Change]

    @property
    def documents(self) -> list[JsonObject]:
        """The changes as callers read them."""
        return [change.document for change in self.changes]


def read(
    resources: Resources,
    caller: Caller,
    session_id: UUID,
    version: int | None = None,
    code: str | None = None,
) -> Notes:
    """The current notes, or this version of them; raises NotFound. ``code``: how they are exported."""
    with resources.database.transaction(caller.practice_id) as db:
        found = find(db, caller, session_id, version)
        ownership.audit(db, caller, "notes.export" if code else "notes.read", session_id, code)
    return opened(resources, found)


def opened(resources: Resources, found: Found) -> Notes:
    """What the rows hold; raises NotFound if the session was deleted since they were read."""
    head = _head(found.row, found.signatures, found.decisions)
    document = document_of(resources, found.row)
    if head.kind is not Kind.ADDENDUM:
        document = (
            _as_shown(resources, found, upgraded(document))
            if not head.signatures
            else {**document, "draft": False}
        )
    addenda = tuple(_addendum(resources, row, found.signatures) for row in found.addenda)
    newer = found.offered.version if found.offered and head.kind in STANDING_ALONE else None
    return Notes(head, document, addenda, newer)


def _as_shown(resources: Resources, found: Found, document: JsonObject) -> JsonObject:
    """With the names of the speakers, and held against words that were corrected since.

    What is signed is shown with the labels and the words that it was signed with.
    """
    if found.words.corrections is not None:
        document = rechecked(values.Notes.of(document), transcript_of(resources, found)).document
    return shown_notes(document, transcripts.shown(resources, found.session, found.words)[1])


def _addendum(resources: Resources, row: NotesVersion, signatures: Sequence[Signed]) -> Addendum:
    text = str(document_of(resources, row)["text"])
    return Addendum(row.version, row.author_id, row.created_at, text, _of(row, signatures))


def _of(row: NotesVersion, signatures: Sequence[Signed]) -> tuple[Signed, ...]:
    return tuple(signed for signed in signatures if signed.version == row.version)


def _head(row: NotesVersion, signatures: Sequence[Signed], decided: dict[int, Decision]) -> Version:
    mine = _of(row, signatures)
    return Version(
        row.version, row.kind, _standing(row, mine, decided), row.author_id, row.based_on, row.engine,
        row.template, row.created_at, mine,
    )  # fmt: skip


def _standing(row: NotesVersion, mine: Sequence[Signed], decided: dict[int, Decision]) -> Standing:
    if row.kind is Kind.EXTRACTION:
        decision = decided.get(row.version)
        return Standing.OFFERED if decision is None else Standing(decision.value)
    if not mine:
        return Standing.DRAFT
    waits = any(signed.needs_cosigner for signed in mine) and len(mine) == 1
    return Standing.AWAITING_COSIGNATURE if waits else Standing.SIGNED


def listed(resources: Resources, caller: Caller, session_id: UUID) -> list[Version]:
    """Every version that the caller may read, first come first; raises NotFound for the session."""
    with resources.database.transaction(caller.practice_id) as db:
        session = readable(db, caller, session_id)
        found = rows.listed(db, session_id)
        signatures = rows.signatures(db, session_id)
        decided = rows.decisions(db, session_id)
        current, offer = rows.current(db, session_id), rows.offered(db, session_id)
        names = rows.authors(db, session_id)
        ownership.audit(db, caller, "notes.list", session_id)
    newest = {row.version for row in (current, offer) if row is not None}
    return [
        replace(
            _as_listed(_head(row, signatures, decided), newest),
            author=names.get(row.author_id) if row.author_id else None,
        )
        for row in found
        if is_shown(caller, session, row.version, signatures)
    ]


def _as_listed(head: Version, newest: set[int]) -> Version:
    passed = head.standing in (Standing.DRAFT, Standing.OFFERED) and head.version not in newest
    return replace(head, standing=Standing.SUPERSEDED) if passed else head


def difference(
    resources: Resources, caller: Caller, session_id: UUID, after: int | None, before: int | None
) -> Difference:
    """What ``after`` (the current version) has that ``before`` (what it came from) has not.

    Raises NotFound for a version that does not exist or is not the caller's to read.
    """
    with resources.database.transaction(caller.practice_id) as db:
        new = find(db, caller, session_id, after).row
        former = before if before is not None else new.based_on
        old = find(db, caller, session_id, former).row if former is not None else None
        ownership.audit(db, caller, "notes.diff", session_id)
    first = document_of(resources, old) if old is not None else {}
    second = document_of(resources, new)
    if "text" in first or "text" in second:  # an addendum
        changes = of_value("text", first.get("text"), second.get("text"))
    else:
        changes = differences(values.Notes.of(first), values.Notes.of(second))
    return Difference(former, new.version, changes)
