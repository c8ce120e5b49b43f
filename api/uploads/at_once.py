"""How many uploads one person, and one practice, may have under way at once in this process.

An upload waits for its client. Without a bound, one key that begins many and sends nothing takes every
slot that there is for slow clients, and honest uploads wait until the slowest are dropped.
"""

import threading
from collections import Counter
from uuid import UUID

from flask import Flask, g, request

from shared.domain.errors import LimitReached

ENDPOINTS = {"sessions.upload", "uploads.patch", "form_upload.send"}  # whose bodies are recordings
PEOPLE_OF_A_PRACTICE = 3  # a practice may have as many under way as so many of its people
RETRY_AFTER_SECONDS = 2
_TAKEN = "upload_slots"


class UploadSlots:
    """Counts what is under way; at most ``of_person`` for one person."""

    def __init__(self, of_person: int) -> None:
        self._most = (of_person, of_person * PEOPLE_OF_A_PRACTICE)
        self._under_way: Counter[UUID] = Counter()
        self._lock = threading.Lock()

    def take(self, therapist_id: UUID, practice_id: UUID) -> tuple[UUID, UUID]:
        """Take a slot, which ``release`` gives back; raises LimitReached if there is none."""
        owners = (therapist_id, practice_id)
        with self._lock:
            if any(self._under_way[owner] >= most for owner, most in zip(owners, self._most, strict=True)):
                raise LimitReached(
                    "Too many uploads are under way at once. Wait until one ends, then send this again.",
                    "uploads_at_once",
                    RETRY_AFTER_SECONDS,
                )
            self._under_way.update(owners)
        return owners

    def release(self, owners: tuple[UUID, UUID]) -> None:
        """Give back what ``take`` gave."""
        with self._lock:
            self._under_way.subtract(owners)
            for owner in owners:
                if not self._under_way[owner]:
                    del self._under_way[owner]


def install(app: Flask, of_person: int) -> None:
    """Bound the uploads of ``app``. The callers must be known before."""
    slots = UploadSlots(of_person)

    def take() -> None:
        if request.endpoint in ENDPOINTS:
            g.body_unread = True
            g.upload_slots = slots.take(g.caller.therapist_id, g.caller.practice_id)

    def release(_: BaseException | None) -> None:
        if _TAKEN in g:
            slots.release(g.pop(_TAKEN))

    app.before_request(take)
    app.teardown_request(release)
