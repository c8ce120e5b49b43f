"""The fixed words of the notes."""

from shared.domain.notes.values import Notes
from shared.domain.values import Segment, Transcript
from shared.domain.verification.boilerplate import SCREENED, risk_statement


def transcript_of(*texts: str) -> Transcript:
    segments = tuple(Segment(float(i), i + 1.0, text, "Speaker 1") for i, text in enumerate(texts))
    return Transcript(segments, float(len(texts)), "en", "test", draft=True)


def test_of_a_silent_recording_nothing_is_said_about_risk() -> None:
    statement = risk_statement(Notes.of({"risk_flags": []}), transcript_of())
    assert statement.startswith("No speech was found, so nothing can be said about risk.")
    assert "No mention" not in statement


def test_without_findings_the_screen_says_what_it_cannot_hear() -> None:
    statement = risk_statement(Notes.of({"risk_flags": []}), transcript_of("We spoke about the garden."))
    assert statement == SCREENED
    assert "no risk" not in statement.lower()
