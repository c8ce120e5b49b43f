"""Words that nobody said are left out, and told of."""

import pytest

from shared.domain.transcripts.hallucinations import without_inventions
from shared.domain.values import Chunk, Phrase, SpeechPlan, Turn, Utterance, Word


def plan(*spans: tuple[float, float], channel: int | None = None) -> SpeechPlan:
    utterances = tuple(Utterance(start, end, channel) for start, end in spans)
    turns = tuple(Turn(u.start, u.end, "Speaker 1", channel) for u in utterances)
    return SpeechPlan(60.0, (Chunk(utterances),), turns)


def timed(text: str, start: float = 0.0, pace: float = 0.3, confidence: float = 0.9) -> Phrase:
    texts = text.split()
    words = tuple(
        Word(t, start + i * pace, start + (i + 0.9) * pace, confidence) for i, t in enumerate(texts)
    )
    return Phrase(text, start, start + len(texts) * pace, 0.9, words)


def bare(text: str, start: float, end: float) -> Phrase:
    return Phrase(text, start, end)


def clean(the_plan: SpeechPlan, *phrases: Phrase) -> tuple[list[str], list[tuple[str, int, bool]]]:
    kept, found = without_inventions(the_plan, [(None, phrase) for phrase in phrases])
    return [p.text for _, p in kept], [(f["kind"], f["words"], f["removed"]) for f in found]


@pytest.mark.parametrize(
    "text",
    [
        "no no no no no no i said no",
        "it is very very very sad",
        "i know i know i know i know",
        "and then he said that and then he said that and again",
    ],
)
def test_people_repeat_themselves(text):
    assert clean(plan((0, 60)), timed(text)) == ([text], [])


@pytest.mark.parametrize("make", [timed, lambda text: bare(text, 0.0, 20.0)])
def test_of_a_loop_the_first_round_stays(make):
    loop = "Well. " + "I am going to the store. " * 9 + "Yes."
    assert clean(plan((0, 60)), make(loop)) == (
        ["Well. I am going to the store. Yes."],
        [("repeated", 48, True)],
    )


def test_a_loop_over_several_phrases_is_one_loop():
    phrases = [bare("Thank you very much.", 3.0 * i, 3.0 * i + 2) for i in range(6)]
    kept, found = without_inventions(plan((0, 60)), [(None, phrase) for phrase in phrases])
    assert [phrase.text for _, phrase in kept] == ["Thank you very much."]
    assert [(f["start"], f["end"], f["words"]) for f in found] == [(3.0, 17.0, 20)]


def test_a_loop_is_told_with_the_times_of_its_words():
    _, found = without_inventions(plan((0, 60)), [(None, timed("a b c " * 5, start=10.0, pace=1.0))])
    assert [(f["start"], f["end"]) for f in found] == [(13.0, 24.9)]


def test_speakers_who_say_the_same_in_turn_are_no_loop():
    asked = [bare("Are you all right?", float(i), i + 0.9) for i in range(8)]
    turns = tuple(Turn(float(i), i + 1.0, f"Speaker {i % 2 + 1}") for i in range(8))
    kept, found = without_inventions(
        SpeechPlan(8.0, plan((0, 8)).chunks, turns), [(None, phrase) for phrase in asked]
    )
    assert (len(kept), found) == (8, [])


def test_each_channel_is_looked_at_by_itself():
    both = [(channel, timed("yes yes yes yes", start)) for start in (0.0, 2.0) for channel in (0, 1)]
    two = SpeechPlan(60.0, (*plan((0, 60), channel=0).chunks, *plan((0, 60), channel=1).chunks), ())
    kept, found = without_inventions(two, both)
    assert [phrase.text for _, phrase in kept] == ["yes"] * 2
    assert [f["words"] for f in found] == [7, 7]


def test_doubtful_words_where_nobody_speaks_are_left_out():
    # The last three begin after the end of speech.
    spoken = timed("how are you and so on", start=8.8, pace=0.5, confidence=0.3)
    assert clean(plan((8.7, 9.8)), spoken) == (["how are you"], [("on_silence", 3, True)])


@pytest.mark.parametrize(
    ("start", "end"),
    [(3.0, 7.6), (7.6, 7.6)],
    ids=["stretched over the pause", "put at the end of the pause"],
)
def test_the_last_word_before_a_pause_stays_wherever_the_engine_puts_it(start, end):
    words = (Word("Express,", 2.0, 3.0, 0.9), Word("please.", start, end, 1.0))
    order = Phrase("Express, please.", 2.0, 7.6, 0.9, words)
    assert clean(plan((2.0, 3.4), (7.9, 9.0)), order) == (["Express, please."], [])


def test_a_whole_phrase_in_silence_was_not_said_however_sure_the_engine_is():
    assert clean(plan((0.0, 5.0)), timed("Thank you.", start=20.0)) == ([], [("on_silence", 2, True)])


@pytest.mark.parametrize(
    "text",
    [
        "Terima kasih telah menonton!",
        "Untertitel im Auftrag des ZDF",
        "ご視聴ありがとうございました",
        "Thank you for watching.",
    ],
)
def test_what_films_end_with_in_any_language_goes_where_next_to_nobody_speaks(text):
    stretched = timed(text, start=4.9, pace=2.0)
    assert clean(plan((0.0, 5.0)), stretched)[0] == []


def test_the_address_of_a_subtitle_site_is_never_spoken():
    credit = timed("Untertitel der Amara.org-Community", start=1.0)
    assert clean(plan((0.0, 5.0)), credit) == ([], [("stock_phrase", 3, True)])


@pytest.mark.parametrize("text", ["We watched it with subtitles.", "Thank you.", "He subscribed to a paper."])
def test_people_may_speak_of_films(text):
    assert clean(plan((0.0, 5.0)), timed(text, start=1.0)) == ([text], [])


@pytest.mark.parametrize(
    "tag", ["[BLANK_AUDIO]", "(door closes)", "♪ ♪", "*coughs*", "[Musik]", "【音楽】", "(笑)"]
)
def test_sound_tags_are_no_words(tag):
    assert clean(plan((0.0, 9.0)), timed(tag, start=1.0))[0] == []
    kept, found = clean(plan((0.0, 9.0)), timed(f"Well {tag} so I went", start=1.0))
    assert kept == ["Well so I went"]
    assert [kind for kind, _, _ in found] == ["sound_tag"]


def test_a_number_in_brackets_is_no_sound_tag():
    assert clean(plan((0.0, 9.0)), timed("Call (555) 0123 today", start=1.0))[0] == ["Call (555) 0123 today"]


def test_more_words_than_anybody_can_say_were_not_said():
    hurried = timed("I am going to go back to the next one now", start=2.0, pace=0.06)
    assert clean(plan((2.0, 2.2)), hurried) == ([], [("on_silence", 11, True)])


def test_text_without_times_of_words_goes_where_next_to_nobody_speaks():
    assert clean(plan((0.0, 5.0)), bare("Fine.", 1, 4), bare("See you next week.", 20, 30)) == (
        ["Fine."],
        [("on_silence", 4, True)],
    )


def test_what_films_end_with_is_marked_where_somebody_speaks():
    assert clean(plan((0.0, 5.0)), bare("Thanks for watching!", 1, 3)) == (
        ["Thanks for watching!"],
        [("stock_phrase", 3, False)],
    )


def test_nothing_of_the_text_is_told():
    _, found = without_inventions(plan((0, 5)), [(None, bare("a secret", 20, 30))])
    assert "secret" not in str(found)
