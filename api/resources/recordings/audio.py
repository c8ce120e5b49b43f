"""The recording itself, whole or in part."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain, pairwise
from typing import Any
from uuid import UUID

import structlog
from flask import Response, request

from api.auth import caller, needs, resources
from api.http import ranges
from api.http.json_bodies import Blueprint
from api.openapi.document import ETAG, RANGE_PARAMETERS, answers, binary_answer
from api.schemas.core import GivenToSchema
from api.schemas.recordings.audio import WaveformQuerySchema, WaveformSchema
from shared.domain.disclosures import export_code
from shared.domain.ports import ByteSource
from shared.domain.transcripts.waveform import as_audiowaveform
from shared.services.access.caller import Caller, Scope
from shared.services.resources import Resources
from shared.services.transcripts import playback, waveform
from shared.vault.frames import TamperedObject

log = structlog.get_logger(__name__)

blueprint = Blueprint("audio", __name__, url_prefix="/api/sessions", description="Recordings.")

_BLOCK_BYTES = 256 * 1024  # whole frames of an encrypted object
# By the format of the recording, not by the name of its file.
_TYPES = {
    "wav": ("audio/wav", "wav"),
    "mp3": ("audio/mpeg", "mp3"),
    "mp4": ("audio/mp4", "m4a"),
    "webm": ("audio/webm", "webm"),
    "ogg": ("audio/ogg", "ogg"),
    "flac": ("audio/flac", "flac"),
    "aac": ("audio/aac", "aac"),
    "mpeg": ("video/mpeg", "mpeg"),
}


@blueprint.route("/<id:session_id>/audio", methods=["GET"], parameters=RANGE_PARAMETERS)
@blueprint.doc(
    responses={200: binary_answer("The recording"), 206: binary_answer("The range that was asked for")}
)
@blueprint.arguments(GivenToSchema, location="query")
@blueprint.response(200, headers=ETAG)
@blueprint.alt_response(304, description="It is still what `If-None-Match` names")
@answers(blueprint, 404, 409, 410, 416, 422)
@needs(Scope.SESSIONS_READ)
def audio(query: dict[str, Any], session_id: UUID) -> Response:
    """The recording as it was uploaded, or one `Range` of it; the `ETag` is its SHA-256.

    With a `recipient` or a `purpose` it counts as exported, else as heard.

    410 `audio_removed`: its time is over. 410 `audio_lost`: the recording or its key is lost or damaged.
    """
    code = export_code("file", query["recipient"], query["purpose"], is_file=False)
    return audio_answer(resources(), caller(), session_id, code)


def audio_answer(resources: Resources, caller: Caller, session_id: UUID, code: str | None) -> Response:
    """The recording, or the range of it that the request asks for."""
    with ExitStack() as opened:
        found = opened.enter_context(playback.recording(resources, caller, session_id, code))
        part = _part(found.sha256, found.source.size)
        start, stop = part or (0, found.source.size)
        response = Response(_body(found.source, start, stop), 206 if part else 200)
        response.call_on_close(opened.pop_all().close)
    media_type, extension = _TYPES.get(found.family, ("application/octet-stream", "bin"))
    response.content_type = media_type
    response.content_length = stop - start
    response.set_etag(found.sha256)
    response.headers["Accept-Ranges"] = "bytes"
    # The name holds ids only; the uploaded file's own name is clinical.
    name = f"recording-{session_id}.{extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.source.size}"
    response.make_conditional(request)
    return response


@blueprint.route("/<id:session_id>/waveform", methods=["GET"])
@blueprint.arguments(WaveformQuerySchema, location="query")
@blueprint.response(200, WaveformSchema)
@answers(blueprint, 404, 422)
@needs(Scope.SESSIONS_READ)
def show_waveform(query: dict[str, Any], session_id: UUID) -> dict[str, Any]:
    """The recording as a waveform to be drawn, in BBC audiowaveform's JSON; 404 until it is decoded.

    What is off the record is flat in it.
    """
    return waveform_answer(resources(), caller(), session_id, query["points"])


def waveform_answer(resources: Resources, caller: Caller, session_id: UUID, points: int) -> dict[str, Any]:
    """The recording as a waveform of so many points."""
    return as_audiowaveform(waveform.get(resources, caller, session_id, points))


def _part(sha256: str, size: int) -> tuple[int, int] | None:
    """The range that is to be sent; None for all. Only a GET has ranges."""
    unchanged = request.headers.get("If-Range", f'"{sha256}"').strip() == f'"{sha256}"'
    known = request.if_none_match.contains(sha256)  # goes before the range: the answer is a 304
    return (
        ranges.wanted(request.headers.get("Range"), size)
        if (request.method == "GET" and unchanged and not known)
        else None
    )


def _body(source: ByteSource, start: int, stop: int) -> Iterator[bytes]:
    """The bytes, the first block read before anything is answered: damage there is still an error."""
    edges = [start, *range(start - start % _BLOCK_BYTES + _BLOCK_BYTES, stop, _BLOCK_BYTES), stop]
    first = source.read_at(edges[0], edges[1] - edges[0])

    def rest() -> Iterator[bytes]:
        try:
            for begin, end in pairwise(edges[1:]):
                yield source.read_at(begin, end - begin)
        except TamperedObject:
            # The status is out. The connection breaks before a byte that was not uploaded.
            log.error("recording_damaged")  # noqa: TRY400 - the event says all
            raise

    return chain([first], rest())
