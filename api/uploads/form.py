"""A recording on its way in: from the parts of a form to ``accepting.receive``."""

import hashlib
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import g, request
from marshmallow import ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from api.auth import resources as current_resources
from api.http.problems import Malformed, without_unknown_names
from api.idempotency import digest_of
from api.schemas.recordings.uploads import UploadFormSchema
from api.server import bodies
from api.uploads import multipart
from api.uploads.details import details_of, patient_of
from shared.domain.errors import InvalidInput
from shared.domain.ports import Block
from shared.http import csrf, rate_limits
from shared.schemas import file_names
from shared.services import idempotency
from shared.services.access import consent
from shared.services.access.caller import Caller
from shared.services.engines import engine_choice
from shared.services.notes import templates
from shared.services.resources import Resources
from shared.services.uploads import accepting, quotas
from shared.services.uploads.registration import UploadDetails

_Write = Callable[[Block], None]

# What a form may have besides the recording: boundaries, headers and the other fields.
OVERHEAD_BYTES = 1024 * 1024
_MAX_FIELD_BYTES = 16 * 1024
_KEEP_ALIVE_SECONDS = idempotency.LEASE_SECONDS / 6


def accept(resources: Resources, caller: Caller, patient_id: UUID | None, token: str | None = None) -> UUID:
    """Take the recording in the request and give the new session's id.

    ``patient_id`` is the query's; ``token``: what the form must hold against other sites. What can be refused
    without the body is refused before it.
    """
    g.body_unread = True
    limit = resources.settings.max_upload_bytes
    boundary = _boundary(limit)
    rate_limits.require(rate_limits.UPLOADS)
    quotas.require_room(resources, caller.practice_id, max(0, (request.content_length or 0) - OVERHEAD_BYTES))

    def check_patient(named: UUID) -> None:
        consent.check(resources, caller, named)

    def check_engine(transcriber: str | None, language: str | None) -> None:
        engine_choice.check(resources, caller.practice_id, transcriber, language)

    def check_template(name: str | None) -> None:
        templates.check(resources, caller, name)

    if patient_id is not None:
        check_patient(patient_id)
    if boundary is None:
        raise _no_file()
    form = _Form(resources, patient_id, check_patient, check_engine, check_template, token, patient_of)

    def feed(write: _Write) -> UploadDetails:
        form.read(boundary, _keeping_alive(resources, caller, write))
        g.body_unread = False
        if caller.ticket is not None:
            caller.ticket.asked = form.digest()
        return form.details()

    try:
        return accepting.receive(resources, caller, feed, rate_limits.upload_taken)
    except RequestEntityTooLarge:
        raise accepting.too_large(limit) from None


def skim() -> tuple[str, str]:
    """Read an upload and keep nothing of it: digests of what came with the file, and of the file."""
    limit = current_resources().settings.max_upload_bytes
    boundary = _boundary(limit)
    if boundary is None:
        raise _no_file()
    content = hashlib.sha256()
    form = _Form(current_resources(), None, lambda _: None, lambda *_: None, lambda _: None)
    try:
        form.read(boundary, content.update)
    except RequestEntityTooLarge:
        raise accepting.too_large(limit) from None
    g.body_unread = False
    return form.digest(), content.hexdigest()


def _boundary(limit: int) -> str | None:
    """The body's boundary, None where it has none; raises TooLarge for what is declared too large."""
    if (request.content_length or 0) > limit + OVERHEAD_BYTES:
        raise accepting.too_large(limit)
    request.max_content_length = limit + OVERHEAD_BYTES
    multipart_form = request.mimetype == "multipart/form-data"
    return request.mimetype_params.get("boundary") or None if multipart_form else None


def _keeping_alive(resources: Resources, caller: Caller, write: _Write) -> _Write:
    """``write`` that keeps the caller's idempotency key from being taken for dead."""
    ticket, due = caller.ticket, time.monotonic() + _KEEP_ALIVE_SECONDS
    if ticket is None:
        return write

    def beating(data: Block) -> None:
        nonlocal due
        if time.monotonic() >= due:
            idempotency.keep_alive(resources, ticket)
            due = time.monotonic() + _KEEP_ALIVE_SECONDS
        write(data)

    return beating


class _Form:
    """The fields and the one file of an upload, in any order."""

    def __init__(
        self,
        resources: Resources,
        patient_id: UUID | None,
        check_patient: Callable[[UUID], None],
        check_engine: Callable[[str | None, str | None], None],
        check_template: Callable[[str | None], None],
        token: str | None = None,
        check_joins: Callable[[UUID, dict[str, Any]], object] = lambda *_: None,
    ) -> None:
        self._check_joins = check_joins
        self._resources = resources
        self._patient_id = patient_id
        self._check_patient = check_patient
        self._check_engine = check_engine
        self._check_template = check_template
        self._token = token
        self._texts: dict[str, bytearray] = {}
        self._file: tuple[str, str | None] | None = None

    def read(self, boundary: str, write: _Write) -> None:
        """Read the request's body to its end, handing the file's bytes to ``write``."""
        take: _Write = write
        most = self._resources.settings.max_upload_bytes + OVERHEAD_BYTES
        for event in multipart.events(bodies.stream_of(request), boundary, most):
            if isinstance(event, multipart.File):
                self._begin_file(event)
                take = write
            elif isinstance(event, multipart.Field):
                take = self._begin_field(event)
            elif isinstance(event, multipart.Data):
                take(event.data)

    def details(self) -> UploadDetails:
        """What came with the recording, once all has been read."""
        if self._file is None:
            raise _no_file()
        values = self._values()
        patient_id = self._patient_of(values)
        return details_of(*self._file, {**values, "patient_id": patient_id})

    def digest(self) -> str:
        """A digest of all but the file's content, for idempotency keys."""
        return digest_of(
            repr(sorted((name, bytes(text)) for name, text in self._texts.items())), repr(self._file)
        )

    def _begin_file(self, part: multipart.File) -> None:
        """Refuse now what need not be read to be refused."""
        if part.name != "file" or self._file is not None:
            raise Malformed(
                "Send exactly one file, as the part `file`.", fields={"file": ["There must be exactly one."]}
            )
        if self._token is not None:
            csrf.require_field(self._texts.pop(csrf.FIELD, bytearray()).decode(errors="replace"), self._token)
        name = file_names.cleaned(file_names.decoded(part.filename))
        if not name:
            raise _no_file_name()
        declared_type = part.headers.get("Content-Type")
        _check_claims(name, declared_type)
        values = self._values()
        patient_id = self._patient_of(values)
        if patient_id is not None and self._patient_id is None:
            self._check_patient(patient_id)
        if (joins := values.get("joins")) is not None:
            self._check_joins(joins, {**values, "patient_id": patient_id})
        self._file = (name, declared_type)

    def _begin_field(self, part: multipart.Field) -> _Write:
        if part.name == "file":
            raise _no_file_name()
        text = self._texts.setdefault(str(part.name), bytearray())
        if text:  # a field sent twice: only a list of words has a use for that
            text += b","

        def take(data: Block) -> None:
            if sum(map(len, self._texts.values())) + len(data) > _MAX_FIELD_BYTES:
                raise Malformed(f"The form's fields together may have {_MAX_FIELD_BYTES} bytes.")
            text.extend(data)

        return take

    def _values(self) -> dict[str, Any]:
        try:
            texts = {name: bytes(text).decode() for name, text in self._texts.items() if text}
            values: dict[str, Any] = UploadFormSchema().load(texts)
        except UnicodeDecodeError:
            raise Malformed("The form's fields must be UTF-8.") from None
        except ValidationError as error:
            raise Malformed(
                "Some of the form's fields are not valid; errors says which and why.",
                fields=without_unknown_names(error.messages_dict),
            ) from None
        self._check_engine(values.get("transcriber"), values.get("language"))
        self._check_template(values.get("template"))
        return values

    def _patient_of(self, values: dict[str, Any]) -> UUID | None:
        named: UUID | None = values.get("patient_id")
        if named is not None and self._patient_id not in (None, named):
            differs = {"patient_id": ["Differs from the query's."]}
            raise Malformed("The query and the form name different patients.", fields=differs)
        return self._patient_id or named


def _check_claims(name: str, declared_type: str | None) -> None:
    try:
        accepting.check_claims(name, declared_type)
    except InvalidInput as error:
        if error.code != "not_audio_or_video":
            raise
        # curl knows few types by itself, and declares others as mere bytes.
        hint = "With curl, add the type to the file part: `-F 'file=@session.wav;type=audio/wav'`."
        raise InvalidInput(f"{error.detail} {hint}", error.code) from None


def _no_file() -> Malformed:
    detail = "Send the recording as multipart/form-data, as the part `file`."
    return Malformed(detail, "file_missing", {"file": ["Missing data for required field."]})


def _no_file_name() -> InvalidInput:
    return InvalidInput("The part `file` has no file name; send one with its extension.", "file_name_missing")
