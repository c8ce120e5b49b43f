"""What a patient may ask of their record, and what becomes of it."""

from datetime import timedelta
from enum import StrEnum


class RequestKind(StrEnum):
    """A copy of the record, a change of it, or a limit on its use."""

    ACCESS = "access"
    AMENDMENT = "amendment"
    RESTRICTION = "restriction"


class RequestStatus(StrEnum):
    """``FULFILLED``: the copy was given, the change agreed to, or the restriction agreed to.

    ``ENDED``: a restriction that was agreed to holds no longer.
    """

    OPEN = "open"
    FULFILLED = "fulfilled"
    DENIED = "denied"
    ENDED = "ended"


# Until when a request is due, unless the practice says otherwise (45 CFR 164.524 and 164.526).
DUE_AFTER = {
    RequestKind.ACCESS: timedelta(days=30),
    RequestKind.AMENDMENT: timedelta(days=60),
    RequestKind.RESTRICTION: timedelta(days=30),
}
# What may follow what.
NEXT = {
    RequestStatus.OPEN: {RequestStatus.FULFILLED, RequestStatus.DENIED},
    RequestStatus.FULFILLED: {RequestStatus.ENDED},
    RequestStatus.DENIED: {RequestStatus.FULFILLED},
    RequestStatus.ENDED: set[RequestStatus](),
}


class PackageState(StrEnum):
    """What becomes of a package; the last four are its ends."""

    WAITING = "waiting"
    PREPARING = "preparing"
    READY = "ready"
    FETCHED = "fetched"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


UNDER_WAY = (PackageState.WAITING, PackageState.PREPARING)


class PackageForm(StrEnum):
    """What a package is encrypted to: a password (AES-256 ZIP), or a recipient's public key (age)."""

    ZIP = "zip"
    AGE = "age"
