"""One request of a resumable upload: what it brings is stored, and noted at safe points."""

import hashlib
import time
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import uploads
from shared.db.tables.uploads import Upload
from shared.domain.errors import Conflict, TooLarge
from shared.domain.ports import Block
from shared.services.resources import Resources
from shared.services.uploads import accepting
from shared.storage.recordings import Laid, UnfinishedRecording

KEPT_SECONDS = 24 * 3600.0
# A recorder's computer may break on a Friday, and there is no other copy: time enough to finish it elsewhere.
KEPT_DEFERRED_SECONDS = 7 * KEPT_SECONDS
# What a killed process may lose of an upload: what came since the last safe point. There is one after so
# many bytes, but none sooner than after a second, which is no loss: each costs an fsync and a transaction,
# and a fast upload of 500 MiB would have sixteen of them in two seconds.
SAFE_BYTES = 32 * 1024 * 1024
SAFE_SECONDS = 5.0
SAFE_SECONDS_APART = 1.0


class Overtaken(Conflict):
    """Another request goes on with the upload, or it is over; this one may change nothing more."""

    default_code = "upload_overtaken"


class Arriving:
    """``running`` is the hash of all bytes so far, None where it is not known in this process."""

    def __init__(
        self,
        resources: Resources,
        upload: Upload,
        token: UUID,
        recording: UnfinishedRecording,
        running: "hashlib._Hash | None",
        *,
        safe_points: bool,
        says_length: bool,
    ) -> None:
        self.upload = upload
        self.token = token
        self.recording = recording
        self.running = running
        self._before = list(upload.segments)
        self.offset = sum(self._before)
        self._resources = resources
        self._safe_points = safe_points
        self._says_length = says_length
        self._safe_at = self.offset
        self._safe_since = time.monotonic()

    def write(self, data: Block) -> None:
        """Take more of the recording; raises TooLarge, with nothing taken, beyond its length."""
        if self.offset + len(data) > self.upload.length:
            raise longer_than_allowed(self.upload)
        if self.running is not None:
            self.running.update(data)
        self.recording.write(data)
        self.offset += len(data)
        if self._safe_points and self._is_due():
            self.make_safe()

    def _is_due(self) -> bool:
        grown, passed = self.offset - self._safe_at, time.monotonic() - self._safe_since
        return grown > 0 and passed >= (SAFE_SECONDS_APART if grown >= SAFE_BYTES else SAFE_SECONDS)

    def make_safe(self) -> None:
        """Store what came so far, in whole frames: an upload can continue there after a crash."""
        self._note(self.recording.make_safe(), stored_by=None, ends=False)
        self._safe_at, self._safe_since = self.offset, time.monotonic()

    def keep(self) -> datetime:
        """This request is over; all that came is kept. Gives when the upload expires."""
        return self._note(self.recording.close(), stored_by=self.token, ends=True)

    def give_back(self) -> datetime:
        """This request is over; what came since the last safe point is dropped."""
        return self._note(None, stored_by=None, ends=True)

    def reopen(self) -> datetime:
        """As ``give_back``; a length that this request said is not known again, as of a recording cut off."""
        if self._says_length:
            self.upload.deferred, self.upload.length = True, self._resources.settings.max_upload_bytes
        return self.give_back()

    def take_back(self) -> datetime:
        """This request is over; all that it brought is dropped."""
        return self._note(Laid(self._before, None), stored_by=None, ends=True)

    def settle(self, db: DbSession) -> None:
        """Within the transaction that ends the upload: raises Overtaken if it is not ours any more."""
        if not uploads.remove(db, self.upload.id, self.token):
            raise _overtaken()

    def require_mine(self) -> None:
        """Raise Overtaken if another request has taken over by now."""
        with self._resources.database.transaction(self.upload.practice_id) as db:
            if not uploads.is_written_by(db, self.upload.id, self.token):
                raise _overtaken()

    def _note(self, laid: Laid | None, *, stored_by: UUID | None, ends: bool) -> datetime:
        with self._resources.database.transaction(self.upload.practice_id) as db:
            expires_at = uploads.keep(
                db,
                self.upload.id,
                self.token,
                segments=laid.segments if laid else None,
                pieces=laid.pieces if laid else None,
                stored_by=stored_by,
                length=self.upload.length,
                deferred=self.upload.deferred,
                kept_seconds=kept_seconds(self.upload),
                ends=ends,
            )
        if expires_at is None:
            raise _overtaken()
        if laid is not None and laid.pieces is not None:
            self.recording.settled()
        return expires_at


def kept_seconds(upload: Upload) -> float:
    """How long an upload is kept after its last part."""
    return KEPT_DEFERRED_SECONDS if upload.deferred else KEPT_SECONDS


def longer_than_allowed(upload: Upload) -> TooLarge:
    """The refusal of more bytes than the upload was announced with, or than any may have."""
    if upload.deferred:
        return accepting.too_large(upload.length)
    return TooLarge(
        f"The upload was announced with {upload.length} bytes, and more came; none of them was kept. Ask "
        "with HEAD how far it is.",
        "upload_longer_than_announced",
    )


def _overtaken() -> Overtaken:
    return Overtaken("Another request goes on with this upload, or it is over. Ask with HEAD how far it is.")
