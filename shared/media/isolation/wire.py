"""The words that parent and decoder child exchange over their socket.

A message is one type byte, a length (4 bytes, big-endian) and that many bytes. The parent
sends one JOB and then answers READs with DATA; the child sends READ and PCM, and ends with
DONE or REFUSED. Everything the child sends is checked by the parent as if an attacker wrote it.
"""

import struct
from enum import IntEnum


class Kind(IntEnum):
    """Type byte of a message."""

    JOB = 1  # parent: JSON, what to do and within which limits
    DATA = 2  # parent: the bytes that a READ asked for
    READ = 3  # child: offset and length of bytes it wants
    PCM = 4  # child: interleaved 16-bit audio
    DONE = 5  # child: JSON, the facts
    REFUSED = 6  # child: one of REFUSALS


HEADER = struct.Struct("!BI")
READ_REQUEST = struct.Struct("!QI")
EXIT_STATUS = struct.Struct("!i")

# 512 KiB is two or three round trips for most probes and keeps both sides' memory small.
READ_BLOCK = 512 * 1024
# One second of 16 kHz stereo is 64,000 bytes.
MAX_PCM = 128 * 1024
MAX_FACTS = 4096
MAX_REFUSAL = 64

LONGEST_FROM_CHILD = {
    Kind.READ: READ_REQUEST.size,
    Kind.PCM: MAX_PCM,
    Kind.DONE: MAX_FACTS,
    Kind.REFUSED: MAX_REFUSAL,
}

# The fork server's greetings: how well its children can be confined.
CONFINED_BY_SECCOMP = b"S"
CONFINED_BY_LIMITS = b"L"
NEW_JOB = b"J"


def pack(kind: Kind, payload: bytes) -> bytes:
    """The message as it goes over the socket."""
    return HEADER.pack(kind, len(payload)) + payload
