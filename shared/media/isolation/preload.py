"""Everything a decoder child will need, loaded while files can still be opened."""

import io
import logging
import wave

# PyAV imports these when it meets the first stream; in the child that is too late.
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream

from shared.media.container import open_recording
from shared.media.isolation.child import decode, probe
from shared.media.limits import MediaLimits

_RATE = 44_100


def warm_up() -> None:
    """Decode a second of our own silence, so that every lazy table and module is in memory."""
    # FFmpeg's messages quote the file's metadata, which must not reach a log.
    av.logging.set_level(None)
    logging.disable()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(bytes(4 * _RATE))
    size = len(file.getvalue())
    file.seek(0)
    probe(open_recording(file, size), MediaLimits())
    file.seek(0)
    decode([open_recording(file, size)], MediaLimits(), lambda pcm: None)
