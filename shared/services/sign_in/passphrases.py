"""Passphrases: which are taken, and how they are kept (argon2id, RFC 9106)."""

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.domain.errors import InvalidInput, Unavailable

SHORTEST, LONGEST = 15, 200
# Each hash takes 64 MiB: without a bound, a dozen tries at once would take the memory of the process.
_MOST_AT_ONCE = 2
_PATIENCE_SECONDS = 10.0
_at_work = threading.BoundedSemaphore(_MOST_AT_ONCE)
_hasher = PasswordHasher()
# Of no passphrase: an unknown name costs the same time as a wrong passphrase.
NONE = "$argon2id$v=19$m=65536,t=3,p=4$rprO0aBnewx0qMQDGkRULw$hW3pIi+pKH+QeQ7rG/wPhnCJMeoZb9YYVGronjXJCbc"

# Phrases of 15 characters and more that guessers try first; compared without blanks, signs and case.
_COMMON = frozenset(
    [
        "correcthorsebatterystaple",
        "passwordpassword",
        "passwordpassword1",
        "password12345678",
        "password123456789",
        "mypasswordissecret",
        "thisismypassword",
        "thisismypassphrase",
        "thequickbrownfox",
        "thequickbrownfoxjumps",
        "thequickbrownfoxjumpsoverthelazydog",
        "letmeinletmein",
        "letmeinletmein123",
        "iloveyouiloveyou",
        "iloveyouforever",
        "iloveyousomuch12",
        "administrator1",
        "administrator12",
        "administrator123",
        "administratoradministrator",
        "welcometothejungle",
        "welcomewelcome",
        "welcomewelcome1",
        "maytheforcebewithyou",
        "tobeornottobethatisthequestion",
        "tobeornottobe123",
        "ihaveadreamihaveadream",
        "qwertyuiopasdfghjkl",
        "qwertyuiopasdfghjklzxcvbnm",
        "1qaz2wsx3edc4rfv",
        "1qaz2wsx3edc4rfv5tgb",
        "zaq12wsxcde34rfv",
        "abcdefghijklmno",
        "abcdefghijklmnopqrstuvwxyz",
        "trustno1trustno1",
        "supercalifragilisticexpialidocious",
        "sunshinesunshine",
        "princessprincess",
        "footballfootball",
        "dragondragon123",
        "baseballbaseball",
        "monkeymonkey1234",
        "changemechangeme",
        "changeme12345678",
        "secretsecretsecret",
        "loremipsumdolorsitamet",
        "onceuponatimeinthewest",
        "allyourbasearebelongtous",
        "openthepodbaydoorshal",
        "nevergonnagiveyouup",
        "nevergonnagiveyouuporletyoudown",
        "winteriscoming1",
        "winteriscoming123",
        "therapisttherapist",
        "sessionscribesessionscribe",
        "sessionscribe123",
        "psychotherapist1",
    ]
)
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)


def check_new(passphrase: str, *names: str) -> None:
    """Raise InvalidInput unless the passphrase may be chosen by a person with these names.

    Length decides; there is no rule about kinds of characters, and none expires.
    """
    words = _folded(passphrase)
    if not SHORTEST <= len(passphrase) <= LONGEST:
        raise _refused(f"Use {SHORTEST} to {LONGEST} characters: four or five random words do well.")
    if words in _COMMON or any(words in row or words in row[::-1] for row in _ROWS):
        raise _refused("This passphrase is among the first that are guessed. Choose random words.")
    if re.fullmatch(r"(.{0,7}?)\1+", words, re.DOTALL):
        raise _refused("This passphrase repeats one short part. Choose random words.")
    left = words
    for name in ("sessionscribe", *map(_folded, names)):
        left = left.replace(name, "") if len(name) >= 3 else left
    if len(left) < 8:
        raise _refused(
            "This passphrase is mostly your name or the name of this service. Choose random words."
        )


def _refused(reason: str) -> InvalidInput:
    return InvalidInput(reason, "passphrase_refused", {"passphrase": [reason]})


def _folded(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())


def hashed(passphrase: str) -> str:
    """What is kept of a passphrase; raises Unavailable where too many are hashed at once."""
    with _turn():
        return _hasher.hash(_bytes_of(passphrase))


def matches(kept: str, passphrase: str) -> bool:
    """Whether the hash is of this passphrase; raises Unavailable as ``hashed`` does."""
    with _turn():
        try:
            return _hasher.verify(kept, _bytes_of(passphrase[: LONGEST + 1]))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(kept)


def _bytes_of(passphrase: str) -> bytes:
    # The same letters typed on another system: an accent may come as one character or as two.
    return unicodedata.normalize("NFKC", passphrase).encode()


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_work.acquire(timeout=_PATIENCE_SECONDS):
        raise Unavailable("Too many people sign in at once; try again.", "sign_in_busy")
    try:
        yield
    finally:
        _at_work.release()
