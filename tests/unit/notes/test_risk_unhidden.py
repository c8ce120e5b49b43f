"""Plain disclosures that an idiom, a harmless word or a loose no beside them must not hide."""

import pytest

from tests.fixtures.transcripts.loading import from_lines
from workers.engines.screen.screening import RiskScreen

ASKED = "T: Have you thought about killing yourself?"
_SCREEN = RiskScreen(lambda: None)


@pytest.mark.parametrize(
    "said",
    [
        "I hate that he hits me.",
        "It was him that hits me.",
        "What he hits me with is a belt.",
        "He hits me that hard I bleed.",
        "My husband hit me hard across the face.",
        "He hit me like I was nothing.",
        "When I lost the job he hit me hard.",
        "The man that hit me hard was my husband.",
        "At the end of chapter one I decided to kill myself.",
        "A song comes on and the voices in my head tell me to die.",
        "They asked me if I was suicidal and I lied and said no.",
        "I cut myself out of anger.",
        "I cut myself down to the bone.",
        "I have planned my suicide by Friday.",
        "I took thirty tablets with a glass of water.",
        "I tied a noose round my neck in the garden.",
        "He held a knife to my throat as a joke.",
    ],
)
def test_it_is_no_figure_of_speech(said: str) -> None:
    found = _SCREEN(from_lines([f"C: {said}"])).flags
    assert any(not flag.has("figurative") and flag.text("level") != "look" for flag in found), found


@pytest.mark.parametrize(
    "said",
    [
        "And then it hits me how long it has been.",
        "She hits me up for money.",
        "And that really hit me.",
        "Her death hit me hard.",
        "Losing the job hit me like a truck.",
        "I had that song stuck in my head.",
        "The traffic's suicidal at five.",
        "I couldn't cut myself some slack.",
        "It's career suicide.",
    ],
)
def test_it_is_a_figure_of_speech(said: str) -> None:
    found = _SCREEN(from_lines([f"C: {said}"])).flags
    assert all(flag.text("level") == "look" for flag in found), found


@pytest.mark.parametrize(
    "answer",
    [
        "No, I can't promise I won't.",
        "No. I cannot promise.",
        "No, I couldn't swear to that.",
        "No doubt about it.",
        "No day without it.",
        "No, I've got the tablets ready.",
        "Nah. It would be a relief.",
        "It's all day, never ends, no.",
        "I do, no.",
    ],
)
def test_it_is_no_denial(answer: str) -> None:
    found = _SCREEN(from_lines([ASKED, f"C: {answer}"])).flags
    assert any(not flag.has("negated") and flag.text("level") != "look" for flag in found), found


@pytest.mark.parametrize(
    "answer", ["No. I get sad, but no.", "No, never.", "Nah, not at all.", "No. I just watch the telly."]
)
def test_it_stays_a_denial(answer: str) -> None:
    found = _SCREEN(from_lines([ASKED, f"C: {answer}"])).flags
    assert all(flag.has("negated") for flag in found), found


@pytest.mark.parametrize(
    "said", ["I widnae kill him.", "I dinnae want to kill masel.", "I havenae hurt him."]
)
def test_a_denial_in_dialect_is_one(said: str) -> None:
    found = _SCREEN(from_lines([f"C: {said}"])).flags
    assert all(flag.has("negated") or flag.text("level") == "look" for flag in found), found
