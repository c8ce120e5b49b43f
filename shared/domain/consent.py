"""Consent: what it covers, how it is given, and where it stands."""

from enum import StrEnum


class ConsentScope(StrEnum):
    """What a patient can consent to. Training is never asked for: nothing is trained on records.

    ``RECORDING``: to be recorded and transcribed. ``AI_NOTES``: that a program drafts notes from the
    transcript. ``SENDING_AWAY``: that engines on computers of others get the recording or its words.
    ``PART2``: that records of substance use disorder treatment (42 CFR Part 2) are disclosed.
    """

    RECORDING = "recording"
    AI_NOTES = "ai_notes"
    SENDING_AWAY = "sending_away"
    PART2 = "part2"


# The statement that goes with each disclosure (42 CFR 2.32(a)(2)).
PART2_NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


class ConsentEvent(StrEnum):
    """What a row of the history says."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


class ConsentState(StrEnum):
    """Where a consent stands now; only ``IN_FORCE`` allows anything."""

    NONE = "none"
    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


METHODS = ("written", "verbal", "electronic")
SPOKEN = "spoken_in_recording"  # how evidence was given that a recording holds
