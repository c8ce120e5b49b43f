"""The domain's functions on notes, from document to document: tests write and compare JSON."""

from collections.abc import Collection, Sequence
from typing import Any

from shared.domain.notes import client_summary, drafts, editing, rechecking, templates
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.template_forms import Template
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.evidence import verified


def verify(notes: JsonObject, said: Transcript) -> JsonObject:
    return verified(Notes.of(notes), said).document


def checked(draft: JsonObject, said: Transcript, flags: Sequence[JsonObject], **options: Any) -> JsonObject:
    return drafts.checked(Notes.of(draft), said, [Item.of(flag) for flag in flags], **options).document


def rendered(notes: JsonObject, template: Template, said: Transcript) -> JsonObject:
    return templates.rendered(Notes.of(notes), template, said).document


def edited(edit: JsonObject, base: JsonObject, said: Transcript) -> JsonObject:
    return editing.edited(edit, Notes.of(base), said).document


def merged(base: JsonObject, offered: JsonObject, fields: Collection[str], said: Transcript) -> JsonObject:
    return editing.merged(Notes.of(base), Notes.of(offered), fields, said).document


def rechecked(notes: JsonObject, said: Transcript) -> JsonObject:
    return rechecking.rechecked(Notes.of(notes), said).document


def with_client_summary(notes: JsonObject, said: Transcript) -> JsonObject:
    return client_summary.with_client_summary(Notes.of(notes), said).document
