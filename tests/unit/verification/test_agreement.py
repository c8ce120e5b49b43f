"""A claim agrees with the words it cites in act, subject, speaker, time and what was accepted."""

import pytest

from shared.domain.english.quotes import cite
from shared.domain.values import Segment, Transcript
from shared.domain.verification import agreement
from shared.domain.verification.agreement import disagreement
from shared.domain.verification.cited import Cited, Stance, accepts, in_place, refuses, stance_of
from shared.domain.verification.objections import acts, modality, persons

SAID = (
    ("T", "How was the week?"),
    ("C", "My mother drinks every day. I don't drink at all."),
    ("T", "I think you are very angry with your father."),
    ("C", "Not really. I miss him."),
    ("T", "Do you ever hit your kids?"),
    ("C", "God no. I was hit as a child though."),
    ("T", "Could you write down three worries every evening?"),
    ("C", "I don't think I'll do that."),
    ("T", "And could you walk for ten minutes after lunch?"),
    ("C", "Yeah, I can do that."),
    ("T", "See you on Thursday at three?"),
    ("C", "Thursday's no good. Friday at three."),
    ("C", "I take fifty milligrams of sertraline in the morning."),
    ("C", "My husband laughed, then I hit my head on the shelf."),
    ("C", "I thought about the bridge a lot."),
    ("C", "My sister said that she forgives our mother."),
)
TRANSCRIPT = Transcript(
    tuple(
        Segment(n * 5.0, n * 5.0 + 4, text, f"Speaker {'T C'.index(who)}")
        for n, (who, text) in enumerate(SAID)
    ),
    90.0,
    "en",
    "test",
    draft=False,
)


def why(claim: str, *segments: int) -> str | None:
    found = [cite(TRANSCRIPT, number, SAID[number][1]) for number in segments]
    return disagreement(claim, in_place([piece for piece in found if piece], TRANSCRIPT))


@pytest.mark.parametrize(
    ("claim", "segments", "reason"),
    [
        ("The client skips sertraline in the morning.", (12,), acts.ACT),
        ("Sertraline was increased to fifty milligrams.", (12,), acts.ACT),
        ("The client overdosed on sertraline in the morning.", (12,), acts.ACT),
        ("The client's husband choked her and laughed.", (13,), acts.ACT),
        ("The client's husband hit her on the head.", (13,), persons.SUBJECT),
        ("The client forgives her mother.", (15,), persons.SUBJECT),
        ("The client is very angry with her father.", (2,), agreement.SPEAKER),
        ("The client said “I think you are very angry with your father.”", (2,), agreement.SPEAKER),
        ("The client agreed to write down three worries every evening.", (6,), agreement.NOT_ACCEPTED),
        ("The client agreed to walk for ten minutes after lunch.", (8,), None),
        ("The next session is on Thursday at three.", (10, 11), agreement.CHANGED),
        ("The next session is on Friday at three.", (10, 11), None),
        ("The client currently thinks about the bridge a lot.", (14,), persons.TIME),
        ("The client always thought about the bridge.", (14,), acts.EXTENT),
        ("The client takes fifty milligrams of sertraline in the morning.", (12,), None),
        ("The client was hit as a child.", (5,), None),
    ],
)  # fmt: skip
def test_a_claim_is_held_against_the_words_it_cites(
    claim: str, segments: tuple[int, ...], reason: str | None
) -> None:
    assert why(claim, *segments) == reason


def test_a_question_that_was_denied_supports_nothing() -> None:
    found = [cite(TRANSCRIPT, 4, SAID[4][1]), cite(TRANSCRIPT, 5, "God no.")]
    cited = in_place([piece for piece in found if piece], TRANSCRIPT)
    assert disagreement("The client hits her kids.", cited) == acts.REVERSED


def test_a_relatives_habit_is_not_the_clients() -> None:
    found = cite(TRANSCRIPT, 1, "drinks every day")
    assert found is not None
    assert disagreement("The client drinks every day.", in_place([found], TRANSCRIPT)) == persons.SUBJECT


@pytest.mark.parametrize(
    ("answer", "stance"),
    [
        ("No, not since March.", Stance.DENIED),
        ("Um, nah.", Stance.DENIED),
        ("God no.", Stance.DENIED),
        ("Of course not.", Stance.DENIED),
        ("Yeah, I suppose.", Stance.AFFIRMED),
        ("Of course I have.", Stance.AFFIRMED),
        ("Most nights.", Stance.OPEN),
        ("", Stance.OPEN),
    ],
)
def test_an_answer_is_a_yes_a_no_or_neither(answer: str, stance: Stance) -> None:
    assert stance_of(answer) is stance


@pytest.mark.parametrize("answer", ["Yeah, I can do that.", "Okay. I'll try.", "Sounds good."])
def test_what_is_taken_on_is_accepted(answer: str) -> None:
    assert accepts(answer)
    assert not refuses(answer)


@pytest.mark.parametrize("answer", ["I don't think I'll do that.", "I'd rather not.", "We'll see.", "Nah."])
def test_what_is_turned_down_or_left_open_is_not_accepted(answer: str) -> None:
    assert refuses(answer)
    assert not accepts(answer)


@pytest.mark.parametrize(
    ("said", "claim", "reason"),
    [
        ("I might look at the course next month.", "The client started the course.", modality.NOT_YET),
        ("I'll ring her tomorrow.", "The client rang her.", modality.NOT_YET),
        ("I told him on Sunday and he took it well.", "The client plans to tell him.", modality.ALREADY),
        ("Maybe. I'm not sure about the group.", "The client agreed to the group.", modality.CERTAIN),
        ("I used to count the stairs.", "The client counts the stairs.", modality.LONG_GONE),
        ("My wife says I sulk.", "The client said that he sulks.", modality.SAID_BY_ANOTHER),
        ("I went to the course on Monday.", "The client attended the course.", None),
        ("I'm going to ring her tomorrow.", "The client intends to ring her.", None),
        ("My wife says I sulk.", "The client's wife says that he sulks.", None),
    ],
)  # fmt: skip
def test_a_claim_is_of_the_same_time_certainty_and_holder(said: str, claim: str, reason: str | None) -> None:
    cited = [Cited(0, said, said, by_therapist=False, answer="")]
    assert modality.modality_objection(claim, cited) == reason


def test_an_answer_takes_up_the_words_of_a_question_that_asks_what() -> None:
    asked = Cited(
        0, "How did the walk to the pond go?", "How did the walk to the pond go?", True, "I got there."
    )
    answer = Cited(1, "I got there.", "I got there.", False, "")
    assert disagreement("The client took the walk to the pond.", [asked, answer]) is None
