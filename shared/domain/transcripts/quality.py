"""What is said of a transcript's quality, and when a person should look at it before relying on it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from typing import Any

from shared.domain.values import DecodedFacts, JsonObject, Segment, SpeechPlan, Turn, Word
from shared.domain.verification.boilerplate import not_screened, unscreened

# A word below this is doubtful: of the offline engine's words it marks one in seven, among them
# two thirds of its errors.
LOW_CONFIDENCE = 0.5
# Fewer doubtful words in a row are the noise of any engine.
SHORTEST_DOUBT_WORDS = 3
MOST_SPANS = 200

# Beyond these a person should look. Levels and shares are those of recordings that engines got
# wrong; people speak 110 to 200 words a minute of speech, hurried or depressed ones more or less.
FEWEST_SPEECH_SECONDS = 1.0
LEAST_COVERAGE = 0.05
QUIETEST_DBFS = -45.0
LEAST_SNR_DB = 15.0
MOST_CLIPPED_SHARE = 0.001
MOST_OVERLAP_SHARE = 0.15
LEAST_MEAN_CONFIDENCE = 0.65
MOST_DOUBTFUL_SHARE = 0.35
SLOWEST_PACE, FASTEST_PACE = 60.0, 260.0
PACE_SECONDS = 30.0
MOST_FILLED_SECONDS = 0.5
MISSING_SECONDS, MISSING_SHARE = 1.0, 0.01
MOST_UNHEARD_SECONDS, MOST_UNHEARD_SHARE = 2.0, 0.02
# Turns that are closer were one stretch of speech, cut where the voice changes.
SHORTEST_PAUSE_SECONDS = 0.05
# How far from such a cut people were found to speak at once (docs/accuracy.md).
NEAR_CHANGE_SECONDS = 0.8


def recording_facts(decoded: DecodedFacts) -> JsonObject:
    """What decoding showed: packets that could not be decoded, seconds of silence put in for lost
    audio, and seconds that the header promises and the file does not hold (0.0 if it promises none).
    """
    missing = max(0.0, (decoded.declared_seconds or 0.0) - decoded.seconds)
    grave = missing > max(MISSING_SECONDS, MISSING_SHARE * (decoded.declared_seconds or 0.0))
    return {
        "damaged_packets": decoded.damaged_packets,
        "filled_seconds": round(decoded.filled_seconds, 2),
        "missing_seconds": round(missing, 1) if grave else 0.0,
    }


def word_facts(segments: Sequence[Segment], plan: SpeechPlan) -> JsonObject:
    """Facts about the words; ``words_per_minute`` is counted in minutes of speech."""
    confidences = [w.confidence for s in segments for w in s.words if w.confidence is not None]
    spoken = float(plan.quality.get("speech_seconds") or plan.duration_seconds)
    words = sum(len(segment.text.split()) for segment in segments)
    low = sum(confidence < LOW_CONFIDENCE for confidence in confidences)
    doubtful = chain.from_iterable(_doubtful(segment.words) for segment in segments)
    return {
        "mean_word_confidence": _share(sum(confidences), len(confidences)),
        "low_confidence_share": _share(low, len(confidences)),
        "low_confidence_spans": [
            {"start": words[0].start, "end": words[-1].end} for words in islice(doubtful, MOST_SPANS)
        ],
        "words_per_minute": round(words / (spoken / 60), 1) if spoken else 0.0,
    }


def _share(part: float, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def unheard_facts(stretches: Sequence[JsonObject]) -> JsonObject:
    """Seconds of detected speech over which no word lies, and where; see ``unheard``."""
    seconds = sum(stretch["end"] - stretch["start"] for stretch in stretches)
    return {"unheard_seconds": round(seconds, 2), "unheard": list(stretches[:MOST_SPANS])}


def change_facts(turns: Sequence[Turn]) -> JsonObject:
    """Where one voice follows another on the same channel without a pause, with what is near.

    Only one voice is told at a time there: people who speak at once are found around such places.
    """
    changes = sorted(
        before.end
        for before, after in pairwise(sorted(turns, key=lambda turn: (turn.channel or 0, turn.start)))
        if before.channel == after.channel
        and before.speaker != after.speaker
        and after.start - before.end <= SHORTEST_PAUSE_SECONDS
    )
    spans: list[JsonObject] = []
    for change in changes:
        start, end = max(0.0, change - NEAR_CHANGE_SECONDS), round(change + NEAR_CHANGE_SECONDS, 3)
        if spans and start <= spans[-1]["end"]:
            spans[-1]["end"] = end
        else:
            spans.append({"start": round(start, 3), "end": end})
    return {"quick_changes": spans[:MOST_SPANS]}


def _doubtful(words: Sequence[Word]) -> Iterator[list[Word]]:
    """Runs of doubtful words, long enough to be worth a listener's while."""
    run: list[Word] = []
    for word in words:
        if word.confidence is not None and word.confidence < LOW_CONFIDENCE:
            run.append(word)
            continue
        if len(run) >= SHORTEST_DOUBT_WORDS:
            yield run
        run = []
    if len(run) >= SHORTEST_DOUBT_WORDS:
        yield run


def reviewed(quality: Mapping[str, Any], language: str = "en") -> JsonObject:
    """``quality`` with ``needs_review`` and ``review_reasons``, each ``{code, detail}``."""
    found = list(_reasons(quality))
    if (name := unscreened(language)) is not None:
        found.append(("not_screened_for_risk", not_screened(name)))
    reasons = [{"code": code, "detail": detail} for code, detail in found]
    return {**quality, "needs_review": bool(reasons), "review_reasons": reasons}


def _reasons(quality: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if quality.get("missing_seconds"):
        yield (
            "truncated",
            f"The recording is cut off: its header promises {quality['missing_seconds']:.0f} s more.",
        )
    if quality.get("damaged_packets") or quality.get("filled_seconds", 0.0) > MOST_FILLED_SECONDS:
        yield (
            "damaged",
            f"{quality.get('damaged_packets', 0)} pieces of the recording cannot be decoded; "
            f"{quality.get('filled_seconds', 0.0):.1f} s of it were replaced by silence.",
        )
    if further := len(quality.get("further_recordings") or ()):
        yield (
            "joined",
            f"{further + 1} recordings were joined. What was said between them was not recorded; "
            "`further_recordings` says where each begins.",
        )
    yield from _sound_reasons(quality)
    yield from _voice_reasons(quality)
    yield from _word_reasons(quality)


def _sound_reasons(quality: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    spoken = quality.get("speech_seconds")
    if spoken is None:
        return
    if spoken < FEWEST_SPEECH_SECONDS:
        yield "no_speech", "Next to no speech was found."
        return
    if quality.get("speech_coverage", 1.0) < LEAST_COVERAGE:
        yield "little_speech", f"Only {quality['speech_coverage']:.0%} of the recording is speech."
    if _below(quality.get("level_dbfs"), QUIETEST_DBFS):
        yield "quiet", f"The voices are very quiet ({quality['level_dbfs']:.0f} dBFS)."
    if _below(quality.get("snr_db"), LEAST_SNR_DB):
        yield "noisy", f"The voices are only {quality['snr_db']:.0f} dB above the noise."
    if quality.get("clipped_share", 0.0) > MOST_CLIPPED_SHARE:
        yield "clipped", f"{quality['clipped_share']:.1%} of the sound is overdriven."
    if (quality.get("overlap_seconds") or 0.0) > MOST_OVERLAP_SHARE * spoken:
        yield "overlap", f"Several people speak at once for {quality['overlap_seconds']:.0f} s."


def _voice_reasons(quality: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    found, expected = quality.get("voices_found"), quality.get("voices_expected")
    if quality.get("voices_doubt") == "more_voices":
        if found and expected and found > expected:
            yield "more_voices", f"{found} voices are heard where {expected} were expected."
        else:
            yield "more_voices", f"More than {found} voices are heard: some words have the wrong speaker."
    elif quality.get("voices_doubt") == "few_words" and found and found > 1:
        yield "voices_unsure", f"Too little is said to be sure of {found} voices: there may be fewer."
    if quality.get("speaker_network") is False:
        yield (
            "no_speaker_network",
            ("Speakers were told apart by a simpler method, because the speaker network is not installed."),
        )


def _word_reasons(quality: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _invention_reasons(quality.get("invented") or ())
    spoken = quality.get("speech_seconds") or 0.0
    yield from _missing_word_reasons(quality, spoken)
    doubtful = quality.get("low_confidence_share") or 0.0
    if _below(quality.get("mean_word_confidence"), LEAST_MEAN_CONFIDENCE) or doubtful > MOST_DOUBTFUL_SHARE:
        yield "low_confidence", f"The engine doubts {doubtful:.0%} of its words."
    pace = quality.get("words_per_minute")
    if pace is not None and spoken >= PACE_SECONDS and not SLOWEST_PACE <= pace <= FASTEST_PACE:
        yield "unlikely_pace", f"{pace:.0f} words a minute of speech: some may be missing or invented."


def _missing_word_reasons(quality: Mapping[str, Any], spoken: float) -> Iterator[tuple[str, str]]:
    unheard = quality.get("unheard_seconds") or 0.0
    if unheard > max(MOST_UNHEARD_SECONDS, MOST_UNHEARD_SHARE * spoken):
        yield (
            "speech_without_words",
            f"For {unheard:.0f} s there is speech and no word was heard; `unheard` says where.",
        )


def _invention_reasons(found: Sequence[JsonObject]) -> Iterator[tuple[str, str]]:
    # Sound tags are no words: leaving them out says nothing of the others.
    invented = [one for one in found if one.get("kind") != "sound_tag"]
    if removed := sum(one["words"] for one in invented if one["removed"]):
        yield "invented_text", f"{removed} words that were not said were removed; `invented` says where."
    elif invented:
        yield "invented_text", "Some of the words may not have been said; `invented` says where."


def _below(value: float | None, least: float) -> bool:
    return value is not None and value < least
