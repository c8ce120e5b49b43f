"""What a client may upload, before it tries."""

from typing import Any

from api.auth import any_key, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.recordings.uploads import UploadLimitsSchema
from shared.media.recognition import EXTENSIONS

blueprint = Blueprint(
    "upload_limits", __name__, url_prefix="/api/upload-limits", description="What an upload may be."
)


@blueprint.route("", methods=["GET"])
@blueprint.response(200, UploadLimitsSchema)
@answers(blueprint)
@any_key
def show() -> dict[str, Any]:
    """The file names, sizes, lengths and numbers of uploads that this server accepts."""
    settings = resources().settings
    return {
        "extensions": EXTENSIONS,
        "max_bytes": settings.max_upload_bytes,
        "max_seconds": settings.max_recording_seconds,
        "uploads_per_hour": settings.uploads_per_hour,
        "attempts_per_hour": settings.attempts_per_hour,
        "uploads_at_once": settings.uploads_at_once,
    }
