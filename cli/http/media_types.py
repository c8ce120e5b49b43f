"""Media types of recordings by the end of their file's name."""

from pathlib import Path

# Python's own table differs from system to system and lacks half of these.
MEDIA_TYPES = {
    ".mp3": "audio/mpeg",
    ".mpga": "audio/mpeg",
    ".mpeg": "audio/mpeg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "audio/webm",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".aac": "audio/aac",
}


def media_type_of(name: str) -> str:
    """The type of the file of this name; of one that says nothing, mere bytes."""
    return MEDIA_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
