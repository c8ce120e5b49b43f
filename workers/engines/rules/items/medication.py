"""Medication as it was spoken of: the drug, its dose, what changed, how it is taken, what it does."""

from collections.abc import Iterator, Sequence

from shared.domain.notes.fields import NOT_SAID
from shared.domain.notes.items import Item
from shared.domain.verification.objections.facts import is_drug
from workers.engines.rules.lexicons import medication as lexicon
from workers.engines.rules.passages import Passage
from workers.engines.rules.reading import Reading
from workers.engines.rules.speakers import Role

MOST = 10
MOST_EVIDENCE = 4


def medications_in(reading: Reading) -> list[Item]:
    """``medications``: each drug once, with what was said of it, every word of it as it was said."""
    spoken: dict[str, list[Passage]] = {}
    for passage in reading.passages:
        for drug in _drugs(passage):
            known = spoken.setdefault(drug, [])
            known += [p for p in (passage, *_about_it(reading, passage)) if p not in known]
    items = [_item(reading, drug, sorted(shown, key=lambda p: p.number)) for drug, shown in spoken.items()]
    return [item for item in items if item is not None][:MOST]


def _drugs(passage: Passage) -> Iterator[str]:
    """The drugs that ``passage`` names; "my tablets" where it names none."""
    bare = (word.removesuffix("'s") for word in passage.words)
    named = [word for word in bare if is_drug(word) and word not in lexicon.NOT_MEDICATION | lexicon.CLASSES]
    yield from dict.fromkeys(named)
    match = None if named else lexicon.UNNAMED.search(passage.text)
    if match:
        yield match["name"].casefold()


def _about_it(reading: Reading, passage: Passage) -> Iterator[Passage]:
    """The sentences after ``passage`` that go on about what it names: its turn, then the answer."""
    turns = 2 if passage.question else 1
    for other in reading.passages[passage.number + 1 : passage.number + 7]:
        if other.segment - passage.segment >= turns or any(True for _ in _drugs(other)):
            return
        if _tells(other.text) and not (other.question and other.role is Role.THERAPIST):
            yield other


def _tells(text: str) -> bool:
    """Whether a sentence goes on about a drug that was named before it."""
    if lexicon.DOSE.search(text) or lexicon.BARE_DOSE.match(text) or lexicon.MISSED.search(text):
        return True
    changed = any(pattern.search(text) for _, pattern in lexicon.CHANGE)
    told = changed or lexicon.EFFECT.search(text) or lexicon.WORKS.search(text)
    return bool(told and lexicon.POINTS.search(text))


def _item(reading: Reading, drug: str, shown: Sequence[Passage]) -> Item | None:
    dose, by_dose = _dose(drug, shown)
    change, by_change = _change(shown)
    adherence, by_adherence = _adherence(shown)
    told = [p for p in shown if p.by_client and not p.question]
    effects = [p for p in told if lexicon.EFFECT.search(p.text)]
    works = [p for p in told if lexicon.WORKS.search(p.text) and p not in effects]
    # "The tablets" are no medication by themselves: something must be said of them.
    if not (is_drug(drug) or dose or effects or {change, adherence} != {NOT_SAID}):
        return None
    named = next(p for p in shown if drug in p.text.casefold())
    kept = dict.fromkeys((named, *by_dose, *by_change, *by_adherence, *effects[:1], *works[:1]))
    return Item.saying(
        reading.cited(reading.answer(p) for p in sorted(kept, key=lambda p: p.number)[:MOST_EVIDENCE]),
        drug=drug, dose=dose, change=change, adherence=adherence,
        side_effect=_first_text(effects), effect=_first_text(works),
    )  # fmt: skip


def _first_text(passages: Sequence[Passage]) -> str:
    return passages[0].text if passages else ""


def _dose(drug: str, shown: Sequence[Passage]) -> tuple[str, list[Passage]]:
    """The dose as it was said last, and the sentence that says it."""
    for passage in reversed(shown):
        at = passage.text.casefold().find(drug)
        beside = lexicon.BESIDE.match(passage.text[at + len(drug) :]) if at >= 0 else None
        match = lexicon.DOSE.search(passage.text) or lexicon.BARE_DOSE.match(passage.text) or beside
        if match and not (passage.question and passage is not shown[0]):
            return match["dose"].strip(), [passage]
    return "", []


def _change(shown: Sequence[Passage]) -> tuple[str, list[Passage]]:
    for passage in reversed(shown):
        if passage.question and passage.by_client:
            continue
        for name, pattern in lexicon.CHANGE:
            if pattern.search(passage.text):
                return name, [passage]
    return NOT_SAID, []


def _adherence(shown: Sequence[Passage]) -> tuple[str, list[Passage]]:
    for name, pattern in (("missed", lexicon.MISSED), ("taken", lexicon.TAKEN)):
        for passage in shown:
            if passage.by_client and not passage.question and pattern.search(passage.text):
                return name, [passage]
    return NOT_SAID, []
