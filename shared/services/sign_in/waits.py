"""Waits after wrong tries: by account and by address, doubling, the same for names that do not exist."""

import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass

from shared.db.connection import clock
from shared.db.queries.people import logins
from shared.domain.errors import LimitReached
from shared.services.resources import Resources

FREE_TRIES = 5
# An address may be a whole practice behind one router.
FREE_TRIES_BY_ADDRESS = 20
FIRST_SECONDS, LONGEST_SECONDS = 30.0, 900.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What tries are counted by: a peppered digest, so that the table names no account and no address."""

    digest: bytes
    free_tries: int
    is_shared: bool = False


def by_account(resources: Resources, name: str) -> Subject:
    """Tries at one login name, whether it exists or not."""
    return Subject(_digest(resources, f"account:{name}"), FREE_TRIES)


def by_address(resources: Resources, address: str) -> Subject:
    """Tries from one address."""
    return Subject(_digest(resources, f"address:{address}"), FREE_TRIES_BY_ADDRESS, is_shared=True)


def by_device(resources: Resources, device: str) -> Subject:
    """Tries with a device on which the person signed in before: others' guesses do not lock it out."""
    return Subject(_digest(resources, f"device:{device}"), FREE_TRIES)


def begin_try(resources: Resources, subjects: Sequence[Subject]) -> None:
    """Count a try before it is made, so that many at once are no way around; raises LimitReached."""
    with resources.database.operating() as db:
        now = clock.now(db)
        wait = 0.0
        for subject in sorted(subjects, key=lambda subject: subject.digest):  # one order: no deadlock
            count, blocked_until = logins.tries(db, subject.digest)
            if blocked_until is not None:
                wait = max(wait, (blocked_until - now).total_seconds())
            elif count >= subject.free_tries:
                logins.block(db, subject.digest, seconds_after(count - subject.free_tries))
    if wait > 0:
        raise LimitReached(
            "There were too many wrong tries. Wait, then try again.", "too_many_tries", math.ceil(wait)
        )


def seconds_after(further: int) -> float:
    """How long to wait after this many tries beyond the free ones."""
    return min(FIRST_SECONDS * 2.0 ** min(further, 10), LONGEST_SECONDS)


def succeeded(resources: Resources, subjects: Sequence[Subject]) -> None:
    """Forget the tries at an account or with a device; an address keeps those that were wrong."""
    with resources.database.operating() as db:
        for subject in subjects:
            if subject.is_shared:
                logins.take_back_try(db, subject.digest)
            else:
                logins.forget_tries(db, subject.digest)


def _digest(resources: Resources, words: str) -> bytes:
    return hmac.digest(resources.vault.keys.pepper, b"tries:" + words.encode(), "sha256")
