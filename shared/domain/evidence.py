"""Checking notes against the transcript: what is shown as evidence was said, then and there."""

import re
from collections.abc import Iterator
from copy import deepcopy
from itertools import pairwise

from shared.domain.polarity import denies_risk, has_negation, is_risk_worded
from shared.domain.quotes import cite, find_run, words_of
from shared.domain.values import JsonObject, Transcript
from shared.domain.wording import COURSE_UNKNOWN, MOOD_UNKNOWN, risk_statement, stands_without_evidence

LIST_FIELDS = (
    "key_topics", "strategies", "emotional_themes", "triggers", "action_items", "significant_quotes",
    "follow_up_topics", "unresolved_concerns", "risk_flags",
)  # fmt: skip
TEXT_FIELDS = ("topic_summary", "therapist_notes", "patient_summary")
MOOD_FIELDS = {"session_mood": ("neutral", MOOD_UNKNOWN), "mood_trajectory": ("stable", COURSE_UNKNOWN)}

NOT_FOUND = "The quoted words are not in the transcript."
NO_EVIDENCE = "No words of the transcript were given as evidence."
MISQUOTED = "It quotes words that its evidence does not have."
NUMBER = "It gives a number that its evidence does not have."
MEDICATION = "It names a medication that its evidence does not have."
FLIPPED = "It affirms what its evidence denies, or denies what its evidence affirms."
MARKUP = "It has markup or a link."

_NOT_CLAIMS = frozenset({"type", "severity", "status", "temporality", "about", "speaker"})
_MARKUP = re.compile(
    r"https?:|www\.|javascript:|data:|<[^>]*>?|\]\(|!\[|\b[\w.+-]+@[\w-]+\.\w+", re.IGNORECASE
)
_QUOTED = re.compile(r"[“\"]([^”\"]*)[”\"]")
_DOSE = re.compile(r"\b([a-z]+)[ -](?:mg|milligrams?|ml|tablets?|pills?|grams?)\b")
_DRUG = re.compile(
    r"\b(?:sertraline|zoloft|fluoxetine|prozac|citalopram|escitalopram|lexapro|paroxetine|venlafaxine|"
    r"duloxetine|bupropion|wellbutrin|mirtazapine|trazodone|amitriptyline|lithium|lamotrigine|valproate|"
    r"quetiapine|seroquel|olanzapine|risperidone|aripiprazole|abilify|clozapine|haloperidol|diazepam|valium|"
    r"lorazepam|ativan|alprazolam|xanax|clonazepam|buspirone|propranolol|hydroxyzine|zolpidem|ambien|"
    r"melatonin|methylphenidate|ritalin|adderall|methadone|buprenorphine|naltrexone|ketamine)\b"
)
_BELOW_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_UNITS = _BELOW_TWENTY.split()
_BY_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = dict(zip(_BY_TENS.split(), range(20, 100, 10), strict=True))


def verify(notes: JsonObject, transcript: Transcript) -> JsonObject:
    """``notes`` (of NotesSchema) with every piece of evidence checked against ``transcript``.

    Evidence that stands gets the transcript's exact words and their times (seconds); its item gets
    ``verified: true``. An item or sentence without such evidence moves to ``unsupported`` with the
    reason, and texts are put together anew from the sentences that remain. Risk flags are never
    lost: each stays or is listed as unsupported. Verifying twice changes nothing.
    """
    result = deepcopy(notes)
    result.setdefault("unsupported", [])
    for field in LIST_FIELDS:
        result[field] = [item for item in result.get(field, []) if _stands(field, item, result, transcript)]
    sentences = result.setdefault("field_evidence", {})
    for field in (*TEXT_FIELDS, *MOOD_FIELDS):
        _keep_text_with_sentences(field, result)
        standing = [s for s in sentences[field] if _sentence_stands(field, s, result, transcript)]
        sentences[field] = standing
        if field in TEXT_FIELDS:
            result[field] = " ".join(s["sentence"] for s in standing)
        elif not standing:
            value, sentence = MOOD_FIELDS[field]
            result[field] = value
            sentences[field] = [{"sentence": sentence, "structural": True, "evidence": [], "verified": True}]
    result["risk_statement"] = risk_statement(result, transcript)
    return result


def with_risk_flags(notes: JsonObject, flags: list[JsonObject]) -> JsonObject:
    """``notes`` with those of ``flags`` added that cite a passage no flag of that type cites yet."""
    result = deepcopy(notes)
    cited = {(f["type"], e["segment"]) for f in result.get("risk_flags", []) for e in f["evidence"]}
    for flag in flags:
        if any((flag["type"], e["segment"]) not in cited for e in flag["evidence"]):
            result.setdefault("risk_flags", []).append(deepcopy(flag))
    return result


def _keep_text_with_sentences(field: str, result: JsonObject) -> None:
    """A text that came without its sentences is one sentence without evidence."""
    if result["field_evidence"].get(field) or not result.get(field) or field in MOOD_FIELDS:
        result["field_evidence"].setdefault(field, [])
        return
    result["field_evidence"][field] = [
        {"sentence": result[field], "structural": False, "evidence": [], "verified": False}
    ]


def _sentence_stands(field: str, sentence: JsonObject, result: JsonObject, transcript: Transcript) -> bool:
    if stands_without_evidence(sentence["sentence"], transcript):
        sentence.update(structural=True, evidence=[], verified=True)
        return True
    sentence["structural"] = False
    return _stands(field, sentence, result, transcript)


def _stands(field: str, item: JsonObject, result: JsonObject, transcript: Transcript) -> bool:
    given = item.get("evidence", [])
    found = [(piece, cite(transcript, piece["segment"], piece["quote"])) for piece in given]
    standing = [place.as_evidence() for _, place in found if place is not None]
    fallen = [piece for piece, place in found if place is None]
    reason = _objection(field, item, standing, bool(given))
    if reason is not None:
        result["unsupported"].append({"field": field, "item": _plain(item), "reason": reason})
        return False
    if fallen:
        part = {"evidence": fallen, "verified": False}
        result["unsupported"].append({"field": field, "item": _plain({**item, **part}), "reason": NOT_FOUND})
    item["evidence"] = standing
    item["verified"] = True
    _settle(field, item)
    return True


def _settle(field: str, item: JsonObject) -> None:
    if field == "significant_quotes":
        item.update(quote=item["evidence"][0]["quote"], timestamp_start=item["evidence"][0]["start"])
    if field == "risk_flags" and item.get("negated"):
        item["negated"] = any(has_negation(words_of(piece["quote"])) for piece in item["evidence"])


def _objection(field: str, item: JsonObject, standing: list[JsonObject], given: bool) -> str | None:
    if not standing:
        return NOT_FOUND if given else NO_EVIDENCE
    claim = " ".join(_claims(field, item))
    said = [words_of(piece["quote"]) for piece in standing]
    heard = {word for words in said for word in words}
    if _MARKUP.search(claim):
        return MARKUP
    for quoted in _QUOTED.findall(claim):
        if words_of(quoted) and all(find_run(words, words_of(quoted)) is None for words in said):
            return MISQUOTED
    if not _numbers(claim) <= _spoken_numbers(said):
        return NUMBER
    if any(drug not in heard for drug in _DRUG.findall(claim.casefold())):
        return MEDICATION
    if field != "risk_flags" and is_risk_worded(claim) and _flipped(claim, said):
        return FLIPPED
    return None


def _claims(field: str, item: JsonObject) -> Iterator[str]:
    """The strings of ``item`` that claim something; enumerations, labels and the quote itself do not."""
    for key, value in item.items():
        if (
            isinstance(value, str)
            and key not in _NOT_CLAIMS
            and (field, key) != ("significant_quotes", "quote")
        ):
            yield value


def _flipped(claim: str, said: list[tuple[str, ...]]) -> bool:
    own_words = words_of(_QUOTED.sub(" ", claim))
    if not is_risk_worded(" ".join(own_words)):
        return False
    if has_negation(own_words):
        return not any(has_negation(words) for words in said)
    return "“" not in claim and all(denies_risk(words) for words in said)


def _numbers(claim: str) -> set[str]:
    doses = {_digits(word) for word in _DOSE.findall(claim.casefold())} - {None}
    return set(re.findall(r"\d+", claim)) | {str(dose) for dose in doses}


def _digits(word: str) -> int | None:
    return _UNITS.index(word) if word in _UNITS else _TENS.get(word)


def _spoken_numbers(said: list[tuple[str, ...]]) -> set[str]:
    numbers: set[str] = set()
    for words in said:
        values = [_digits(word) or 0 for word in words]
        numbers.update(digits for word in words for digits in re.findall(r"\d+", word))
        numbers.update(str(value) for value in values if value)
        numbers.update(
            str(tens + unit) for tens, unit in pairwise(values) if tens in _TENS.values() and 0 < unit < 10
        )
    return numbers


def _plain(item: JsonObject) -> JsonObject:
    """``item`` without links and markup, for showing what is not supported."""
    return {
        key: _MARKUP.sub(" ", value) if isinstance(value, str) else value
        for key, value in deepcopy(item).items()
    }
