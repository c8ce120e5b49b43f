"""One job of the decoder child, after confinement: probe, decode, or try to break out."""

import ctypes
import errno
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn

from av.audio.frame import AudioFrame

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE
from shared.media.container import (
    BAD_MEDIA,
    OpenRecording,
    Refused,
    check_shape,
    open_recording,
)
from shared.media.frames import FrameReader
from shared.media.headers import find_parts
from shared.media.isolation import wire
from shared.media.limits import MediaLimits
from shared.media.remote_file import RemoteFile, Window, write_all
from shared.media.timeline import Clock, Timeline
from shared.media.tracks import Tracks

Facts = dict[str, Any]
_PCM_BLOCK = 64 * 1024


def run(descriptor: int, job: Mapping[str, Any], libc: ctypes.CDLL) -> NoReturn:
    """Do ``job`` over ``descriptor``, say how it ended, and leave without any clean-up."""
    limits = MediaLimits(**job["limits"])
    try:
        if job["task"] == "escape":
            facts = _try_to_escape(libc)
        else:
            file = RemoteFile(descriptor, job["size"])
            if job["task"] == "decode":
                facts = decode(_parts(file, job["size"]), limits, lambda pcm: _send_pcm(descriptor, pcm))
            else:
                facts = probe(open_recording(file, job["size"]), limits)
        _send(descriptor, wire.Kind.DONE, json.dumps(facts).encode())
    except Refused as refused:
        _send(descriptor, wire.Kind.REFUSED, refused.code.encode())
    except BAD_MEDIA:
        _send(descriptor, wire.Kind.REFUSED, b"undecodable")
    os._exit(0)


def _send(descriptor: int, kind: wire.Kind, payload: bytes) -> None:
    write_all(descriptor, wire.pack(kind, payload))


def _send_pcm(descriptor: int, pcm: bytes) -> None:
    for at in range(0, len(pcm), _PCM_BLOCK):
        _send(descriptor, wire.Kind.PCM, pcm[at : at + _PCM_BLOCK])


def _parts(file: RemoteFile, size: int) -> Iterator[OpenRecording]:
    """Each recording in ``file``. A later part that is none is left out; the first one raises Refused."""
    parts = find_parts(file, size)
    if len(parts) == 1:
        yield open_recording(file, size)
        return
    for number, (offset, length) in enumerate(parts):
        try:
            yield open_recording(Window(file, offset, length), length)
        except Refused:
            if number == 0:
                raise


def probe(recording: OpenRecording, limits: MediaLimits) -> Facts:
    """Facts from the first seconds. Raises Refused."""
    context = recording.stream.codec_context
    if context.sample_rate and context.channels:
        check_shape(context.sample_rate, context.channels, limits)
    declared = recording.declared_seconds
    if declared is not None and declared > limits.max_seconds and not recording.declared_is_a_guess:
        raise Refused("too_long")
    seconds, shape = 0.0, (0, 0)
    for frame in FrameReader(recording).frames():
        if frame.samples and frame.sample_rate:
            shape = (frame.sample_rate, frame.layout.nb_channels)
            seconds += frame.samples / frame.sample_rate
        if seconds >= limits.probe_seconds:
            break
    check_shape(*shape, limits)
    return {
        "family": recording.family,
        "codec": recording.codec,
        "channels": shape[1],
        "sample_rate": shape[0],
        "declared_seconds": declared,
    }


def decode(recordings: Iterable[OpenRecording], limits: MediaLimits, emit: Callable[[bytes], None]) -> Facts:
    """Hand all audio of ``recordings``, which lie in one file, to ``emit``. Raises Refused."""
    sound = _Sound(limits, emit)
    for recording in recordings:
        sound.add(recording)
    if not sound.samples:
        raise Refused("undecodable")
    return {
        "channels": sound.channels,
        "damaged_packets": sound.damaged_packets,
        "filled_seconds": sound.filled_seconds,
        "declared_seconds": None if None in sound.promised else sum(filter(None, sound.promised)),
    }


class _Sound:
    """What has been decoded of a file so far; its parts have the channels of the first."""

    def __init__(self, limits: MediaLimits, emit: Callable[[bytes], None]) -> None:
        self._limits = limits
        self._emit = emit
        self.samples, self.channels, self.damaged_packets = 0, 0, 0
        self.filled_seconds = 0.0
        self.promised: list[float | None] = []

    def add(self, recording: OpenRecording) -> None:
        """Decode one part. Raises Refused."""
        reader = FrameReader(recording)
        count = 1 + len(recording.further)
        timelines: dict[int, Timeline] = {}
        tracks: Tracks | None = None
        damaged = 0
        for number, frame in reader.tracks():
            if not frame.samples:
                continue
            if tracks is None:
                tracks = self._tracks(frame, count)
            timeline = timelines.get(number) or self._timeline(number, count, recording, tracks)
            timelines[number] = timeline
            try:
                timeline.add(frame, after_loss=reader.damaged_packets > damaged)
                damaged = reader.damaged_packets
            except BAD_MEDIA:
                # A frame of a shape that cannot be converted: its time is filled when the next one comes.
                reader.damaged_packets += 1
        for timeline in timelines.values():
            timeline.finish()
            self.filled_seconds += timeline.filled_seconds
        if tracks is not None and count > 1:
            tracks.finish()
        self.damaged_packets += reader.damaged_packets
        self.promised.append(recording.promised_seconds)

    def _tracks(self, first: AudioFrame, count: int) -> Tracks:
        """Tracks for a part that begins with this frame. Raises Refused."""
        channels = first.layout.nb_channels
        check_shape(first.sample_rate, channels, self._limits)
        tracks = Tracks(count, self._counted)
        self.channels = self.channels or (2 if count == 1 and channels == 2 else tracks.channels)
        return tracks

    def _timeline(self, number: int, count: int, recording: OpenRecording, tracks: Tracks) -> Timeline:
        clock = _clock(recording, self._limits)
        if count == 1:
            return Timeline(self._counted, self.channels, clock)
        return Timeline(lambda pcm: tracks.add(number, pcm), 1, clock)

    def _counted(self, pcm: bytes) -> None:
        self.samples += len(pcm) // (BYTES_PER_SAMPLE * self.channels)
        if self.samples > self._limits.max_seconds * SAMPLE_RATE:
            raise Refused("too_long")
        self._emit(pcm)


def _clock(recording: OpenRecording, limits: MediaLimits) -> Clock:
    return Clock(
        last_second=None if recording.declared_is_a_guess else recording.declared_seconds,
        longest_gap=limits.gap_seconds,
        zero=recording.zero_seconds,
        jitter=recording.jitter_seconds,
        made_up=not recording.has_clock,
    )


def _try_to_escape(libc: ctypes.CDLL) -> Facts:
    """What each forbidden act comes to here: the name of its error, or ``done`` if it worked."""
    acts: dict[str, Callable[[], Any]] = {
        "socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "socketpair": socket.socketpair,
        "connect": lambda: _raw(libc.connect(0, ctypes.create_string_buffer(16), 16)),
        "open": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "create": lambda: os.open("/tmp/sessionscribe-escape", os.O_CREAT | os.O_WRONLY, 0o600),  # noqa: S108 - it must fail
        "list": lambda: os.listdir("/"),  # noqa: PTH208 - a system call by itself
        "stat": lambda: os.stat("/etc/passwd"),  # noqa: PTH116 - a system call by itself
        "fork": os.fork,
        "execve": lambda: os.execve("/bin/true", ["true"], {}),  # noqa: S606 - it must fail
        "kill": lambda: os.kill(os.getppid(), 0),
        "ptrace": lambda: _raw(libc.ptrace(16, os.getppid(), 0, 0)),
        "unshare": lambda: _raw(libc.unshare(0x10000000)),
        "executable_memory": lambda: _executable_memory(libc),
    }
    return {name: _outcome(act) for name, act in acts.items()}


def _raw(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), "refused")


def _executable_memory(libc: ctypes.CDLL) -> None:
    libc.mmap.restype = ctypes.c_ssize_t
    _raw(libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_ssize_t(0)))


def _outcome(act: Callable[[], Any]) -> str:
    try:
        result = act()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "error")
    if act is os.fork and result == 0:
        os._exit(0)
    return "done"
