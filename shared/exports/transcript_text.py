"""A transcript as text, WebVTT or SubRip."""

from collections.abc import Callable

from shared.domain.transcripts import continuing
from shared.domain.values import JsonObject


def as_txt(transcript: JsonObject) -> str:
    """One line for each segment: ``[0:01:02] speaker: text``; one where a further recording begins."""
    lines = []
    seams = continuing.seams(transcript["segments"], transcript.get("quality"))
    for number, segment in enumerate(transcript["segments"]):
        if number in seams:
            lines.append(f"[{continuing.SEAM}]\n")
        said = _one_line(f"{segment['speaker']}: {segment['text']}")
        lines.append(f"[{_clock(segment['start'], places=0)}] {said}\n")
    return "".join(lines)


def as_vtt(transcript: JsonObject) -> str:
    """WebVTT (W3C) with a voice for each cue."""
    seams = continuing.seams(transcript["segments"], transcript.get("quality"))
    cues = [
        (f"NOTE {continuing.SEAM}\n\n" if number in seams else "")
        + f"{_clock(segment['start'])} --> {_clock(segment['end'])}\n"
        f"<v {_escaped(segment['speaker'])}>{_escaped(segment['text'])}\n"
        for number, segment in enumerate(transcript["segments"])
    ]
    return "\n".join(["WEBVTT\n", *cues])


def as_srt(transcript: JsonObject) -> str:
    """SubRip; the speaker stands before the text."""
    cues = []
    for number, segment in enumerate(transcript["segments"], start=1):
        times = f"{_clock(segment['start'], comma=True)} --> {_clock(segment['end'], comma=True)}"
        text = f"{segment['speaker']}: {segment['text']}".replace("-->", "->")
        cues.append(f"{number}\n{times}\n{_one_line(text)}\n")
    return "\n".join(cues)


# By extension: the media type and the writer.
WRITERS: dict[str, tuple[str, Callable[[JsonObject], str]]] = {
    "txt": ("text/plain", as_txt),
    "vtt": ("text/vtt", as_vtt),
    "srt": ("application/x-subrip", as_srt),
}


def _clock(seconds: float, places: int = 3, comma: bool = False) -> str:
    total = round(seconds * 1000)
    minutes, milliseconds = divmod(total, 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, fraction = divmod(milliseconds, 1000)
    if not places:
        return f"{hours}:{minutes:02}:{whole:02}"
    return f"{hours:02}:{minutes:02}:{whole:02}{',' if comma else '.'}{fraction:03}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    # An escaped ">" also keeps "-->" out of a cue, where it would begin a new one.
    return _one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
