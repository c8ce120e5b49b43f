"""Why the decoder child refuses a recording: codes, and a sentence that says what to do."""

from shared.domain.errors import PermanentStepError, UnsupportedMedia

REFUSALS = {
    "not_audio": (
        "The file is not a recording in a format we accept, or it is cut off or damaged. Check that it "
        "plays to its end, export it as MP3, WAV, M4A, WebM, OGG or FLAC and upload that."
    ),
    "no_audio_stream": (
        "The file is a video without sound. Check that the microphone was recorded and upload a "
        "file with an audio track."
    ),
    "undecodable": (
        "The file's audio cannot be decoded; it is damaged or incomplete. Play it from start to "
        "end, export it again and upload the new file."
    ),
    "codec_not_supported": (
        "The sound in this file is in an encoding we do not accept. Export it as MP3, AAC (M4A), "
        "WAV, FLAC or Opus and upload that."
    ),
    "encrypted": (
        "The sound in this file is encrypted. Export it without protection in the program that made "
        "it, as MP3, M4A or WAV, and upload that."
    ),
    "sample_rate_out_of_range": (
        "The recording's sample rate is outside what we accept. Export it at 16 or 48 kHz and upload that."
    ),
    "too_many_channels": (
        "The recording has more channels than we accept. Export it as mono or stereo and upload that."
    ),
    "too_long": (
        "The recording is longer than the limit. Cut it into parts and upload each as a session of its own."
    ),
    "too_costly": (
        "Reading the recording takes far more work than any honest recording needs. Export it again "
        "and upload the new file."
    ),
}


# What the pipeline calls these two once a recording has been accepted.
_STEP_CODES = {
    "too_long": "recording_too_long",
    "undecodable": "undecodable_audio",
    "too_costly": "decoding_timed_out",
}


def known(code: str) -> str:
    """``code`` if it is one of ours; the child may be lying, so anything else is ``undecodable``."""
    return code if code in REFUSALS else "undecodable"


def unsupported(code: str) -> UnsupportedMedia:
    """The error for an upload that is refused with ``code``."""
    return UnsupportedMedia(REFUSALS[known(code)], known(code))


def permanent(code: str) -> PermanentStepError:
    """The error for an accepted recording that turns out to be undecodable, with ``code``."""
    return PermanentStepError(REFUSALS[known(code)], _STEP_CODES.get(known(code), known(code)))
