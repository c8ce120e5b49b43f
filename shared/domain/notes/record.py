"""The words of the clinical record: kinds of versions, parts of a signature, where the notes stand."""

from enum import StrEnum


class Kind(StrEnum):
    """What a version of the notes is.

    ``draft``: an engine's, standing for itself. ``edit``: a person's. ``extraction``: an engine's
    that came after an edit or a signature, and is only offered. ``addendum``: added to what is signed.
    """

    DRAFT = "draft"
    EDIT = "edit"
    EXTRACTION = "extraction"
    ADDENDUM = "addendum"


class Part(StrEnum):
    """The role in which a person signs."""

    AUTHOR = "author"
    COSIGNER = "cosigner"


class Decision(StrEnum):
    """What becomes of an extraction that is offered."""

    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Standing(StrEnum):
    """Where a version of the notes stands; ``superseded`` by a newer one."""

    DRAFT = "draft"
    AWAITING_COSIGNATURE = "awaiting_cosignature"
    SIGNED = "signed"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    SUPERSEDED = "superseded"


# The kinds of which the newest is what the notes now are.
STANDING_ALONE = (Kind.DRAFT, Kind.EDIT)
