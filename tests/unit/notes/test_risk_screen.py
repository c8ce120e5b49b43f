"""Rules and the local model read a transcript together, and neither takes back what the other found."""

import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from cli.output.notes_rendering import notes as render
from shared.domain.notes.items import Evidence, Item
from shared.domain.notes.record import Kind, Standing
from shared.domain.ports import ExtractionRequest
from shared.domain.values import JsonObject, Transcript
from shared.domain.verification.boilerplate import MODEL_DID_NOT_RUN, finding_words
from shared.domain.verification.risk import (
    LOCAL_MODEL,
    RULES,
    Screening,
    found_by_model_alone,
    levelled,
    united_flags,
)
from shared.exports import FILES, notes_outline
from shared.schemas.notes import RiskFlagSchema
from shared.services.notes.exporting import Export
from shared.services.notes.reading import Notes, Version
from shared.speech_models import sentence_encoder
from tests.fixtures.transcripts.loading import from_lines
from tests.note_documents import checked
from workers.engines.rules.extractor import RulesExtractor
from workers.engines.screen.conversion import EncoderUnusable
from workers.engines.screen.encoder import SentenceEncoder
from workers.engines.screen.pieces import LONGEST_PIECE, pieces_of
from workers.engines.screen.screening import RiskScreen, load_model
from workers.engines.screen.training.__main__ import Score
from workers.engines.screen.training.corpus import examples, fixed, marks_of

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ORDINARY = ("T: How was your week?", "C: It was all right.", "T: Did you go to work?", "C: I did.")


@pytest.fixture(scope="module")
def screen() -> RiskScreen:
    return RiskScreen(load_model)


def flag(reader: str, kind: str = "suicidal_ideation", segment: int = 0, **changed: object) -> Item:
    known = {"type": kind, "severity": "medium", "negated": False, "temporality": "present"}
    own = Item.saying([Evidence(segment, 0.0, 1.0, "words")], **known, readers=[reader], found_by=[])
    return own.having(**changed)


def levels(flags: Iterable[Item]) -> list[str]:
    return [one.text("level") for one in flags]


def notes_of(said: Transcript, screening: Screening) -> JsonObject:
    draft = RulesExtractor().extract(said, ExtractionRequest())
    flags = [one.document for one in screening.flags]
    return checked(draft, said, flags, readers=screening.readers)


def test_the_model_finds_what_no_rule_names(screen: RiskScreen) -> None:
    said = from_lines(
        [*ORDINARY, "T: And the nights?", "C: I lie there and hope that morning never comes for me."]
    )
    found = screen(said)
    (alone,) = [one.document for one in found.flags if found_by_model_alone(one)]
    assert found.readers == (RULES, LOCAL_MODEL)
    assert alone["type"] == "passive_suicidal_ideation"
    assert alone["evidence"][0]["quote"] == "I lie there and hope that morning never comes for me."
    assert alone["question"]["quote"] == "And the nights?"
    assert alone["level"] in {"look", "flag"}
    assert finding_words(alone) == "like words that were marked as thoughts of not wanting to live"
    assert RiskFlagSchema().validate({**alone, "verified": True}) == {}


def test_what_the_screen_finds_is_the_same_each_time(screen: RiskScreen) -> None:
    said = from_lines([*ORDINARY, "C: He pinned me to the cooker again and I told them that I fell."])
    assert screen(said) == screen(said) == RiskScreen(load_model)(said)


def test_one_grave_sentence_in_a_long_ordinary_turn_is_found(screen: RiskScreen) -> None:
    small_talk = "We had the new carpet laid and it is lovely, and my mother is coming at the weekend. " * 4
    said = from_lines([*ORDINARY, f"C: {small_talk}I want to kill myself. {small_talk}"])
    found = [one for one in screen(said).flags if LOCAL_MODEL in one.texts("readers")]
    assert any("I want to kill myself" in quote for one in found for quote in one.quotes)


def test_an_ordinary_talk_has_no_flag(screen: RiskScreen) -> None:
    said = from_lines(
        [*ORDINARY, "T: What was hard?", "C: The boiler broke and I was up at six to let the man in."]
    )
    assert "flag" not in levels(screen(said).flags)


def test_the_therapists_words_are_not_read_by_the_model(screen: RiskScreen) -> None:
    said = from_lines(
        [*ORDINARY, "T: Some people lie there and hope that morning never comes.", "C: My gran does."]
    )
    assert not [one for one in screen(said).flags if found_by_model_alone(one) and one.text("speaker") == "T"]


def test_without_the_model_the_notes_say_so_and_need_review() -> None:
    said = from_lines([*ORDINARY, "C: I slept well."])
    notes = notes_of(said, RiskScreen(lambda: None)(said))
    assert notes["risk_readers"] == [RULES]
    assert MODEL_DID_NOT_RUN in notes["risk_statement"]
    assert "risk_model_did_not_run" in [reason["code"] for reason in notes["review_reasons"]]
    assert notes["needs_review"]


def test_with_the_model_nothing_is_missed(screen: RiskScreen) -> None:
    said = from_lines([*ORDINARY, "C: I slept well."])
    notes = notes_of(said, screen(said))
    assert MODEL_DID_NOT_RUN not in notes["risk_statement"]
    assert not notes["needs_review"]


def test_a_machine_without_the_package_has_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_encoder, "PACKAGE", "no_such_package")
    assert load_model() is None


def test_weights_that_are_not_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    archive = sentence_encoder.archive()
    assert archive is not None
    other = tmp_path / "model.zip"
    with zipfile.ZipFile(archive) as known, zipfile.ZipFile(other, "w") as copy:
        copy.writestr(sentence_encoder.TOKENIZER, known.read(sentence_encoder.TOKENIZER))
        copy.writestr(sentence_encoder.WEIGHTS, known.read(sentence_encoder.WEIGHTS)[:-4] + b"\0\0\0\0")
    with pytest.raises(EncoderUnusable, match="not the pinned file"):
        SentenceEncoder(other)


def test_a_faint_finding_takes_no_denial_back() -> None:
    denied = flag(RULES, severity="low", negated=True)
    (one,) = united_flags([denied], [flag(LOCAL_MODEL, severity="low", level="look")])
    assert one.has("negated")
    assert one.texts("readers") == (RULES, LOCAL_MODEL)


def test_a_strong_finding_takes_a_denial_back_and_raises_no_alert_against_it() -> None:
    denied = flag(RULES, severity="low", negated=True)
    (one,) = levelled(united_flags([denied], [flag(LOCAL_MODEL, level="flag")]))
    assert (one.has("negated"), one.text("level")) == (False, "flag")


@pytest.mark.parametrize(
    ("kind", "level"), [("suicide_plan", "alert"), ("suicidal_ideation", "alert"), ("substance_use", "flag")]
)
def test_a_strong_finding_and_another_reader_make_an_alert_of_the_same_family(kind: str, level: str) -> None:
    own = flag(RULES, "substance_use" if kind == "substance_use" else "passive_suicidal_ideation")
    found = levelled(united_flags([own], [flag(LOCAL_MODEL, kind, level="flag")]))
    assert set(levels(found)) == {level}


@pytest.mark.parametrize("changed", [{"segment": 4}, {"level": "look"}, {"temporality": "past"}])
def test_the_model_alone_makes_no_alert(changed: dict[str, Any]) -> None:
    found = levelled(united_flags([flag(RULES)], [flag(LOCAL_MODEL, **{"level": "flag", **changed})]))
    assert "alert" not in levels(found)


def test_a_clinic_may_have_every_flag_alert() -> None:
    found = levelled([flag(LOCAL_MODEL, level="flag"), flag(RULES, severity="low")], "medium")
    assert levels(found) == ["alert", "look"]


@pytest.mark.parametrize("answer", ["Only when I'm on my own.", "Who hasn't?", "Depends on the day.", "Yes."])
def test_an_answer_that_is_no_denial_of_suicide_is_an_alert(answer: str) -> None:
    said = from_lines([*ORDINARY, "T: Have you thought about killing yourself?", f"C: {answer}"])
    assert "alert" in levels(RiskScreen(lambda: None)(said).flags)


def test_a_denial_of_suicide_is_no_alert() -> None:
    said = from_lines([*ORDINARY, "T: Have you thought about killing yourself?", "C: No, never."])
    (found,) = [one.document for one in RiskScreen(lambda: None)(said).flags]
    assert (found["level"], found["negated"]) == ("look", True)
    assert found["question"]["quote"] == "Have you thought about killing yourself?"


def shown_in_files(notes: JsonObject) -> str:
    head = Version(1, Kind.DRAFT, Standing.DRAFT, None, None, "rules-1", "default", AT, ())
    export = Export(
        Notes(head, notes, ()), UUID(int=1), UUID(int=2), "A", UUID(int=3), "B", AT, 60.0, "Notes"
    )
    content = FILES["md"][1](notes_outline(export))
    assert isinstance(content, str)
    return content.replace("\\", "")


def test_what_the_model_found_alone_is_told_as_likeness_and_looks_are_kept_apart(screen: RiskScreen) -> None:
    said = from_lines([
        *ORDINARY, "T: And the nights?", "C: I feel like I'm not really here.",
        "T: Have you thought about killing yourself?", "C: Only when I'm on my own.",
    ])  # fmt: skip
    notes = notes_of(said, screen(said))
    assert {one["level"] for one in notes["risk_flags"]} >= {"look", "alert"}
    (look,) = [one for one in notes["risk_flags"] if one["level"] == "look"]
    out = StringIO()
    render(Console(file=out, width=200), notes)
    for shown in (out.getvalue(), shown_in_files(notes)):
        folded = shown.rindex("orth a look")
        assert shown.index("found by rules") < folded
        assert finding_words(look).startswith("like words that were marked as ")
        assert finding_words(look) in shown[folded:]
        assert "found by local model" in shown[folded:]


def test_flags_from_before_there_were_levels_still_open() -> None:
    old = {name: value for name, value in flag(RULES).document.items() if name != "readers"}
    assert RiskFlagSchema().validate(old) == {}


def test_a_turn_is_cut_between_sentences_and_nothing_of_it_is_lost() -> None:
    sentences = [f"{'word ' * count}end." for count in (10, 20, 30, 50, 5)]
    pieces = list(pieces_of(sentences, [("C", "Before."), ("T", "And then?")], "C"))
    assert [(piece.first, piece.end) for piece in pieces] == [(0, 2), (2, 3), (3, 4), (4, 5)]
    assert all(len(piece.text.split()) <= LONGEST_PIECE for piece in pieces if piece.end - piece.first > 1)
    assert pieces[0].views[1] == ("And then?", pieces[0].text)
    assert pieces[0].views[2] == ("Before. And then?", pieces[0].text)


def test_the_training_text_gives_the_same_examples_each_time_and_none_of_the_fixed_ones() -> None:
    known = examples()
    assert known == examples()
    assert {one.views[0] for one in known}.isdisjoint({one.views[0] for one in fixed()})


def test_a_code_that_is_no_kind_is_refused() -> None:
    assert marks_of("Si D<") == (("suicidal_ideation", "present"), ("domestic_violence", "past"))
    with pytest.raises(ValueError, match="X is no code"):
        marks_of("X")


def test_a_head_that_is_worse_on_the_fixed_set_is_refused() -> None:
    known = Score((0.9, 0.8, 0.7, 0.3), (0.6, 0.2, 0.2))
    assert (known.found, known.needless(3), known.needless(4)) == (3, 0, 1)
    assert Score((0.9, 0.8, 0.5, 0.5), known.ordinary).loses_to(known)  # finds less
    assert Score((0.9, 0.8, 0.7, 0.1), known.ordinary).loses_to(known)  # ranks worse
    assert Score((0.9, 0.8, 0.65, 0.65), (0.7, 0.0, 0.0)).loses_to(known)  # shows more to find as many
    assert not known.loses_to(known)
    assert not Score((0.9, 0.8, 0.7, 0.6), (0.56, 0.2, 0.2)).loses_to(known)
