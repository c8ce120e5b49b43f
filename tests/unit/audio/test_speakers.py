"""What a therapist says of the speakers, laid over a transcript and notes."""

from typing import Any

import pytest

from shared.domain.transcripts.roles import Role
from shared.domain.transcripts.speakers import (
    Person,
    casting_from_json,
    casting_to_json,
    described,
    display_names,
    shown_notes,
    shown_transcript,
    with_roles,
)

ONE, TWO, THREE = "Speaker 1", "Speaker 2", "Speaker 3"
THERAPIST, CLIENT = Person(Role.THERAPIST), Person(Role.CLIENT)


def transcript(*labels: str, **proposed: str) -> dict[str, Any]:
    roles = {label.replace("_", " "): {"role": role, "confidence": 0.8} for label, role in proposed.items()}
    segments = [
        {"start": float(i), "end": i + 0.5, "text": "two words", "speaker": label}
        for i, label in enumerate(labels)
    ]
    return {"segments": segments, "quality": {"speaker_roles": roles}}


def roles(document: dict[str, Any], casting: dict[str, Person]) -> dict[str, str]:
    found = with_roles(document, casting)["quality"]["speaker_roles"]
    return {label: said["role"] for label, said in found.items()}


def test_a_casting_is_read_back_as_it_was():
    casting = {ONE: Person(Role.OTHER, "Dr. Roe"), TWO: Person()}
    assert casting_from_json(casting_to_json(casting)) == casting


def test_a_name_is_shown_before_a_role_and_a_role_before_a_label():
    casting = {ONE: Person(Role.THERAPIST, "Dr. Roe"), TWO: CLIENT}
    assert display_names([ONE, TWO, THREE], casting) == {ONE: "Dr. Roe", TWO: "Client", THREE: THREE}


def test_a_couple_s_clients_are_numbered_in_the_order_of_their_labels():
    shown = display_names([ONE, TWO, THREE], {ONE: CLIENT, TWO: THERAPIST, THREE: CLIENT})
    assert shown == {ONE: "Client 1", TWO: "Therapist", THREE: "Client 2"}


def test_two_labels_with_one_name_are_shown_as_one_person():
    anna = Person(Role.CLIENT, "Anna")
    document = shown_transcript(transcript(ONE, TWO, THREE), {ONE: anna, THREE: anna})
    assert [segment["speaker"] for segment in document["segments"]] == ["Anna", TWO, "Anna"]


@pytest.mark.parametrize(
    ("casting", "expected"),
    [
        ({}, {ONE: "therapist", TWO: "client"}),
        ({TWO: THERAPIST}, {ONE: "client", TWO: "therapist"}),
        ({ONE: CLIENT}, {ONE: "client", TWO: "therapist"}),
        ({ONE: CLIENT, TWO: CLIENT}, {ONE: "client", TWO: "client"}),
    ],
)
def test_a_proposal_gives_way_to_what_a_person_says(casting, expected):
    proposed = transcript(ONE, TWO, Speaker_1="therapist", Speaker_2="client")
    assert roles(proposed, casting) == expected


def test_what_was_confirmed_is_told_from_what_is_proposed():
    proposed = transcript(ONE, TWO, TWO, Speaker_1="therapist", Speaker_2="client")
    first, second = described(proposed, {ONE: THERAPIST})
    assert (first["confirmed"], first["confidence"]) == (True, 1.0)
    assert (second["confirmed"], second["role"], second["confidence"]) == (False, "client", 0.8)
    assert (second["seconds"], second["words"]) == (1.0, 4)


def test_notes_follow_wherever_a_speaker_stands_and_nowhere_else():
    notes = {
        "risk_flags": [{"speaker": TWO, "evidence": [{"speaker": TWO, "quote": TWO}]}],
        "therapist_notes": TWO,
    }
    shown = shown_notes(notes, {TWO: "Anna"})
    assert shown["risk_flags"] == [{"speaker": "Anna", "evidence": [{"speaker": "Anna", "quote": TWO}]}]
    assert shown["therapist_notes"] == TWO
