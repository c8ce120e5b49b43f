"""One job of the decoder child, after confinement: probe, decode, or try to break out."""

import ctypes
import errno
import json
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE
from shared.media import wire
from shared.media.container import (
    BAD_MEDIA,
    FrameReader,
    OpenRecording,
    Refused,
    check_shape,
    open_recording,
)
from shared.media.limits import MediaLimits
from shared.media.remote_file import RemoteFile, write_all
from shared.media.timeline import Clock, Timeline

Facts = dict[str, Any]


def run(descriptor: int, job: Mapping[str, Any], libc: ctypes.CDLL) -> NoReturn:
    """Do ``job`` over ``descriptor``, say how it ended, and leave without any clean-up."""
    limits = MediaLimits(**job["limits"])
    try:
        if job["task"] == "escape":
            facts = _try_to_escape(libc)
        else:
            recording = open_recording(RemoteFile(descriptor, job["size"]), job["size"])
            task = decode if job["task"] == "decode" else probe
            facts = task(recording, limits, lambda pcm: _send(descriptor, wire.Kind.PCM, pcm))
        _send(descriptor, wire.Kind.DONE, json.dumps(facts).encode())
    except Refused as refused:
        _send(descriptor, wire.Kind.REFUSED, refused.code.encode())
    except BAD_MEDIA:
        _send(descriptor, wire.Kind.REFUSED, b"undecodable")
    os._exit(0)


def _send(descriptor: int, kind: wire.Kind, payload: bytes) -> None:
    write_all(descriptor, wire.pack(kind, payload))


def probe(recording: OpenRecording, limits: MediaLimits, emit: Callable[[bytes], None]) -> Facts:
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


def decode(recording: OpenRecording, limits: MediaLimits, emit: Callable[[bytes], None]) -> Facts:
    """Hand all audio to ``emit``. Raises Refused."""
    reader = FrameReader(recording)
    timeline: Timeline | None = None
    samples, channels, damaged = 0, 0, 0
    most = limits.max_seconds * SAMPLE_RATE

    def emit_counted(pcm: bytes) -> None:
        nonlocal samples
        samples += len(pcm) // (BYTES_PER_SAMPLE * channels)
        if samples > most:
            raise Refused("too_long")
        emit(pcm)

    for frame in reader.frames():
        if not frame.samples:
            continue
        if timeline is None:
            check_shape(frame.sample_rate, frame.layout.nb_channels, limits)
            channels = 2 if frame.layout.nb_channels == 2 else 1
            timeline = Timeline(emit_counted, channels, _clock(recording, limits))
        try:
            timeline.add(frame, after_loss=reader.damaged_packets > damaged)
            damaged = reader.damaged_packets
        except BAD_MEDIA:
            # A frame of a shape that cannot be converted: its time is filled when the next one comes.
            reader.damaged_packets += 1
    if timeline is not None:
        timeline.finish()
    if not samples:
        raise Refused("undecodable")
    return {
        "channels": channels,
        "damaged_packets": reader.damaged_packets,
        "filled_seconds": timeline.filled_seconds if timeline else 0.0,
        "declared_seconds": recording.promised_seconds,
    }


def _clock(recording: OpenRecording, limits: MediaLimits) -> Clock:
    return Clock(
        last_second=None if recording.declared_is_a_guess else recording.declared_seconds,
        longest_gap=limits.gap_seconds,
        zero=recording.zero_seconds,
        jitter=recording.jitter_seconds,
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
