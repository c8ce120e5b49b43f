"""Templates of a practice: the built-in ones and its own, and which one is used where none is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import templates as rows
from shared.db.tables.records import NoteTemplate
from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.template_forms import BUILT_IN, Part, Template
from shared.domain.values import JsonObject
from shared.services import idempotency
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.vault.sealing import Subject, Vault

BODY = "note_template"


class UnknownTemplate(InvalidInput):
    """No template of this name exists for the practice."""

    default_code = "template_unknown"


@dataclass(frozen=True, slots=True)
class Stored:
    """A template, with its id and times if it is the practice's own."""

    template: Template
    id: UUID | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


def listed(resources: Resources, caller: Caller) -> list[Stored]:
    """The built-in templates and the practice's own, by name."""
    with resources.database.transaction(caller.practice_id) as db:
        own = rows.listed(db)
        ownership.audit(db, caller, "template.list", None)
    built_in = [Stored(template) for template in BUILT_IN.values()]
    return [*built_in, *(_stored(resources.vault, row) for row in own)]


def get(resources: Resources, caller: Caller, template_id: UUID) -> Stored:
    """One of the practice's own templates; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _own(db, template_id)
        ownership.audit(db, caller, "template.read", template_id)
    return _stored(resources.vault, row)


def create(resources: Resources, caller: Caller, wanted: Template) -> Stored:
    """A new template of the practice; raises Conflict if one of the name exists."""
    subject = Subject(caller.practice_id, uuid4())
    # Before the row: a key without a row does no harm, a row without a key could not be read.
    resources.vault.keys.create(subject.practice_id, subject.id)
    body = resources.vault.seal(subject, BODY, _as_json(wanted))
    with resources.database.transaction(caller.practice_id) as db:
        _require_free(db, caller, wanted.name, None)
        row = rows.add(db, caller.practice_id, subject.id, wanted.name, body, caller.therapist_id)
        ownership.audit(db, caller, "template.create", subject.id)
        idempotency.complete(resources, db, caller, subject.id, 201)
    return _stored(resources.vault, row)


def replace(resources: Resources, caller: Caller, template_id: UUID, wanted: Template) -> Stored:
    """Change one of the practice's own templates; notes that it made stay as they are."""
    body = resources.vault.seal(_subject_of(resources, caller, template_id), BODY, _as_json(wanted))
    with resources.database.transaction(caller.practice_id) as db:
        row = _own(db, template_id)
        _require_free(db, caller, wanted.name, template_id)
        rows.change(db, row, wanted.name, body)
        ownership.audit(db, caller, "template.change", template_id)
    return _stored(resources.vault, row)


def delete(resources: Resources, caller: Caller, template_id: UUID) -> None:
    """Offer one of the practice's own templates no more; raises NotFound, or Conflict if it is the usual."""
    with resources.database.transaction(caller.practice_id) as db:
        row = _own(db, template_id)
        if rows.usual(db, caller.practice_id) == row.name:
            raise Conflict(
                "This is the practice's usual template. Choose another one first.", "template_in_use"
            )
        rows.mark_deleted(db, row)
        ownership.audit(db, caller, "template.delete", template_id)


def usual(resources: Resources, caller: Caller) -> str:
    """The name of the template that the practice uses where none is named."""
    with resources.database.transaction(caller.practice_id) as db:
        return rows.usual(db, caller.practice_id)


def choose_usual(resources: Resources, caller: Caller, name: str) -> str:
    """Have the practice use this template where none is named; raises UnknownTemplate."""
    with resources.database.transaction(caller.practice_id) as db:
        require(db, name)
        rows.set_usual(db, caller.practice_id, name)
        ownership.audit(db, caller, "template.choose", None)
    return name


def check(resources: Resources, caller: Caller, name: str | None) -> None:
    """Raise UnknownTemplate if ``name`` is not that of a template."""
    if name is not None and name not in BUILT_IN:
        with resources.database.transaction(caller.practice_id) as db:
            require(db, name)


def chosen(db: DbSession, practice_id: UUID, name: str | None) -> str:
    """The name of the template for a new session: ``name`` if there is one of it, else the usual one."""
    known = name is not None and (name in BUILT_IN or rows.named(db, name) is not None)
    return name if known and name is not None else rows.usual(db, practice_id)


def require(db: DbSession, name: str) -> None:
    """Raise UnknownTemplate unless the practice has a template of this name."""
    if name not in BUILT_IN and rows.named(db, name) is None:
        raise UnknownTemplate(
            "There is no template of this name. GET /api/templates lists them.",
            fields={"template": ["Not the name of a template."]},
        )


def named(vault: Vault, db: DbSession, name: str) -> Template:
    """The template of this name, also one that was deleted since; else everything that was extracted."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    row = rows.named(db, name, deleted_too=True)
    return _stored(vault, row).template if row is not None else BUILT_IN["default"]


def _require_free(db: DbSession, caller: Caller, name: str, own: UUID | None) -> None:
    rows.lock_names(db, caller.practice_id)
    other = rows.named(db, name)
    if name in BUILT_IN or (other is not None and other.id != own):
        raise Conflict("There is a template of this name already.", "template_exists")


def _own(db: DbSession, template_id: UUID) -> NoteTemplate:
    row = rows.get(db, template_id)
    if row is None:
        raise NotFound("The practice has no such template.", "template_not_found")
    return row


def _subject_of(resources: Resources, caller: Caller, template_id: UUID) -> Subject:
    with resources.database.transaction(caller.practice_id) as db:
        _own(db, template_id)
    return Subject(caller.practice_id, template_id)


def _stored(vault: Vault, row: NoteTemplate) -> Stored:
    body: JsonObject = vault.open(Subject(row.practice_id, row.id), BODY, row.body)
    parts = tuple(Part(**{**part, "sources": tuple(part["sources"])}) for part in body["parts"])
    return Stored(Template(row.name, body["title"], parts), row.id, row.created_at, row.updated_at)


def _as_json(template: Template) -> Mapping[str, Any]:
    parts = [
        {"name": p.name, "title": p.title, "instruction": p.instruction, "sources": list(p.sources)}
        for p in template.parts
    ]
    return {"title": template.title, "parts": parts}
