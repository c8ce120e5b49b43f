"""What an upload says it is and what libmagic makes of its first bytes, before anything decodes it.

The name and the declared type are only checked against lists. The content decides: libmagic's
family must agree with the one that the decoder finds (``check_agreement``).
"""

import functools
import importlib
from typing import Any

from shared.domain.errors import InvalidInput, UnsupportedMedia
from shared.domain.values import MediaFacts
from shared.media.refusals import unsupported

# Cover art pushes the first MP3 frame far back: libmagic needs more than its usual few kilobytes.
HEAD_BYTES = 1024 * 1024

EXTENSIONS = (
    ".mp3",
    ".wav",
    ".m4a",
    ".mp4",
    ".mpeg",
    ".mpga",
    ".webm",
    ".ogg",
    ".oga",
    ".opus",
    ".flac",
    ".aac",
)

# Subtypes that browsers, phones and recorders send for these formats, for audio/ and video/ alike.
_SUBTYPES = {
    *("mpeg", "mp3", "x-mp3", "x-mpeg", "mpeg3", "x-mpeg3", "x-mpeg-3", "mpga", "mpg", "x-mpg"),
    *("wav", "wave", "x-wav", "x-wave", "vnd.wave", "x-pn-wav"),
    *("mp4", "m4a", "x-m4a", "m4v", "x-m4v", "mp4a-latm", "mpeg4", "x-mp4", "3gpp", "3gpp2", "quicktime"),
    *("webm", "x-webm", "x-matroska", "matroska"),
    *("ogg", "x-ogg", "vorbis", "opus", "x-opus", "x-opus+ogg", "x-vorbis+ogg", "vorbis-config"),
    *("flac", "x-flac"),
    *("aac", "x-aac", "aacp", "x-aacp", "x-hx-aac-adts", "vnd.dlna.adts"),
}  # fmt: skip

# What libmagic 5.41 (the wheel) and 5.44 (Debian 12) say of the formats we take.
_FAMILIES = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/x-mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wav": "wav",
    "audio/vnd.wave": "wav",
    "audio/x-w64": "wav",
    "audio/mp4": "mp4",
    "audio/x-m4a": "mp4",
    "video/mp4": "mp4",
    "video/x-m4v": "mp4",
    "video/quicktime": "mp4",
    "video/3gpp": "mp4",
    "video/3gpp2": "mp4",
    "audio/3gpp": "mp4",
    "audio/webm": "webm",
    "video/webm": "webm",
    "video/x-matroska": "webm",
    "audio/x-matroska": "webm",
    "audio/ogg": "ogg",
    "video/ogg": "ogg",
    "application/ogg": "ogg",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/aac": "aac",
    "audio/x-aac": "aac",
    "audio/x-hx-aac-adts": "aac",
    "audio/x-hx-aac-adif": "aac",
    "audio/mp4a-latm": "aac",
    "video/mpeg": "mpeg",
    "video/mp2p": "mpeg",
}
_UNKNOWN = "application/octet-stream"
# An MP3 has no header of its own: with odd tags or bytes before the first frame it looks like nothing.
_MAY_LOOK_LIKE_NOTHING = {".mp3", ".mpga", ".mpeg"}
# MPEG audio without a container may carry any of these names, and libmagic calls both the same.
_SAME = frozenset({"mp3", "mpeg"})


def check_extension(extension: str) -> str:
    """``extension`` in lower case with its dot. Raises InvalidInput (``extension_not_allowed``)."""
    lowered = extension.strip().lower()
    if lowered not in EXTENSIONS:
        raise InvalidInput(
            f"The file name must end in one of {', '.join(EXTENSIONS)}.", "extension_not_allowed"
        )
    return lowered


def check_declared_type(declared_type: str | None) -> None:
    """Accept the media type of the upload's file part (parameters ignored).

    Raises InvalidInput (``not_audio_or_video``) where it is missing or no audio or video at all, and
    UnsupportedMedia (``media_type_not_supported``) for an audio or video type outside the list.
    """
    essence = (declared_type or "").split(";", 1)[0].strip().lower()
    kind, _, subtype = essence.partition("/")
    if kind not in {"audio", "video"} or not subtype:
        raise InvalidInput(
            "The file part must be declared as audio or video, for example audio/mpeg.",
            "not_audio_or_video",
        )
    if subtype not in _SUBTYPES:
        raise UnsupportedMedia(
            "The declared media type is not one we accept. Send MP3, WAV, M4A, MP4, MPEG, WebM, OGG, "
            "FLAC or AAC and declare it as such.",
            "media_type_not_supported",
        )


def recognise(head: bytes, file_name_extension: str, declared_type: str | None) -> str | None:
    """The container family that libmagic sees in ``head`` (the first ``HEAD_BYTES`` of the file).

    None where it sees nothing but the name allows an MP3; then the decoder alone decides. Raises
    InvalidInput and UnsupportedMedia (``not_audio``; and see the two checks above).
    """
    extension = check_extension(file_name_extension)
    check_declared_type(declared_type)
    verdict = content_type(head)
    if verdict == _UNKNOWN and extension in _MAY_LOOK_LIKE_NOTHING:
        return None
    family = _FAMILIES.get(verdict)
    if family is None and verdict == _UNKNOWN and head[4:8] == b"ftyp":
        family = "mp4"  # a camera's own brand, which libmagic does not list (ISO/IEC 14496-12, 4.3)
    if family is None:
        raise unsupported("not_audio")
    return family


def check_agreement(recognised: str | None, facts: MediaFacts) -> None:
    """Raise UnsupportedMedia unless libmagic's family and the decoder's are the same.

    Two parsers that disagree look at a file made to deceive one of them.
    """
    if recognised is None:
        agreed = facts.family == "mp3"
    else:
        agreed = recognised == facts.family or {recognised, facts.family} <= _SAME
    if not agreed:
        raise unsupported("not_audio")


def content_type(head: bytes) -> str:
    """libmagic's verdict on ``head`` as a media type; safe to call from several threads."""
    # The Magic object holds a lock around each call (python-magic 0.4.27).
    return str(_magic().from_buffer(head[:HEAD_BYTES]))


@functools.cache
def _magic() -> Any:
    try:
        import magic
    except ImportError:
        # Slim images have no libmagic; this import makes ctypes find the one from the wheel. Not
        # otherwise: the database of one version does not load into the library of another.
        importlib.import_module("pylibmagic")
        import magic

    return magic.Magic(mime=True)
