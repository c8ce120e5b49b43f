"""Speech over which no word lies is found, whatever hides it."""

from shared.domain.transcripts.assembly import assemble
from shared.domain.transcripts.unheard import unheard
from shared.domain.values import Chunk, Phrase, SpeechPlan, Turn, Utterance, Word


def plan(*spans: tuple[float, float], channel: int | None = None) -> SpeechPlan:
    utterances = tuple(Utterance(start, end, channel) for start, end in spans)
    turns = tuple(Turn(u.start, u.end, "Speaker 1", channel) for u in utterances)
    spoken = sum(end - start for start, end in spans)
    return SpeechPlan(60.0, (Chunk(utterances),), turns, {"speech_seconds": spoken})


def words(*spans: tuple[float, float]) -> Phrase:
    said = tuple(Word(f"word{n}", start, end, 0.9) for n, (start, end) in enumerate(spans))
    return Phrase(" ".join(word.text for word in said), spans[0][0], spans[-1][1], 0.9, said)


def missed(the_plan: SpeechPlan, *phrases: Phrase) -> list[tuple[float, float]]:
    return [(one["start"], one["end"]) for one in unheard(the_plan, [(None, phrase) for phrase in phrases])]


def test_speech_that_is_covered_by_words_is_heard() -> None:
    assert missed(plan((0.0, 3.0)), words((0.3, 1.0), (1.4, 2.6))) == []


def test_a_lost_clause_is_found_with_its_place() -> None:
    assert missed(plan((0.0, 10.0)), words((0.0, 1.0), (7.5, 10.0))) == [(1.5, 7.0)]


def test_a_word_stretched_over_a_lost_clause_does_not_hide_it() -> None:
    assert missed(plan((0.0, 10.0)), words((0.0, 9.9))) == [(2.0, 10.0)]


def test_speech_without_any_word_is_missing_whole_and_silence_is_not() -> None:
    assert missed(plan((0.0, 4.0), (20.0, 25.0)), words((0.2, 1.2), (1.5, 2.5), (2.8, 3.8))) == [(20.0, 25.0)]


def test_a_phrase_without_words_covers_its_time() -> None:
    assert missed(plan((0.0, 10.0)), Phrase("All of it.", 0.0, 9.8)) == []


def test_each_channel_is_looked_at_by_itself() -> None:
    both = SpeechPlan(9.0, (*plan((0, 5), channel=0).chunks, *plan((0, 5), channel=1).chunks), ())
    found = unheard(both, [(0, Phrase("Yes.", 0.0, 5.0))])
    assert found == [{"start": 0, "end": 5}]


def test_a_transcript_that_lacks_words_wants_review_and_says_where() -> None:
    lost = assemble(plan((0.0, 20.0)), [(None, words((0.0, 1.0)))], "en", "fake", draft=False)
    assert lost.quality["unheard_seconds"] == 18.5
    assert lost.quality["unheard"] == [{"start": 1.5, "end": 20.0}]
    assert "speech_without_words" in {reason["code"] for reason in lost.quality["review_reasons"]}
    whole = [(None, words(*((n / 2, n / 2 + 0.4) for n in range(40))))]
    heard = assemble(plan((0.0, 20.0)), whole, "en", "fake", draft=False)
    assert heard.quality["unheard_seconds"] == 0.0
    assert "speech_without_words" not in {reason["code"] for reason in heard.quality["review_reasons"]}


def test_a_language_that_the_screen_for_risk_cannot_read_wants_review() -> None:
    spoken = [(None, words((0.0, 2.0)))]
    german = assemble(plan((0.0, 2.0)), spoken, "de", "fake", draft=False)
    english = assemble(plan((0.0, 2.0)), spoken, "en", "fake", draft=False)
    codes = [{r["code"] for r in one.quality["review_reasons"]} for one in (german, english)]
    assert codes[0] - codes[1] == {"not_screened_for_risk"}
