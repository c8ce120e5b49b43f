"""What both note engines find in the golden sessions: items, and risk by kind.

``python -m benchmarks.notes`` prints tables for the rules and for the openai engine against a test
model that writes what the rules find (so what differs is the road, not the reading), and for the
sessions that were held out while the lexicons were written apart from the others.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from shared.domain.notes.drafts import checked
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from tests.fakes.notes_models import honest
from tests.fakes.openai_server import KEY, FakeOpenAI
from tests.fixtures.golden_sessions import Golden, mentions_in, sessions
from workers.engines.openai_extractor import OpenAIExtractor
from workers.engines.rules import RulesExtractor, screen

Draft = Callable[[Transcript], JsonObject]
NEAR = 1  # a flag may cite the question beside the answer that was marked


def main() -> None:
    """Print the tables."""
    golden = sessions()
    with FakeOpenAI() as server:
        server.will_always(honest)
        openai = OpenAIExtractor(KEY, server.base_url, "test-model")
        engines: dict[str, Draft] = {
            "rules": lambda said: RulesExtractor().extract(said, ExtractionRequest()),
            "openai, test model": lambda said: openai.extract(said, ExtractionRequest()),
        }
        for name, draft in engines.items():
            for held_out in (False, True):
                chosen = [one for one in golden if one.held_out is held_out]
                print(f"\n{name}: {len(chosen)} sessions {'held out' if held_out else 'of the lexicons'}")
                _print_items(chosen, [_notes(one, draft) for one in chosen])
        openai.close()


def _notes(one: Golden, draft: Draft) -> JsonObject:
    return checked(draft(one.transcript), one.transcript, screen(one.transcript))


def _print_items(golden: Sequence[Golden], notes: Sequence[JsonObject]) -> None:
    pairs = list(zip(golden, notes, strict=True))
    wanted = sum(len(one.items) for one in golden)
    found = sum(_is_found(made, item) for one, made in pairs for item in one.items)
    unsupported = sum(len(one["unsupported"]) for one in notes)
    print(f"  items found {found} of {wanted}; unsupported {unsupported}")
    columns = ("marked", "found", "recall", "standing", "flagged", "precision")
    print(f"  {'risk':28} " + " ".join(f"{column:>9}" for column in columns))
    counts = _count(pairs)
    for kind in sorted({kind for counter in counts for kind in counter}):
        _print_line(kind, [counter[kind] for counter in counts])
    _print_line("all", [sum(counter.values()) for counter in counts])


def _count(pairs: Sequence[tuple[Golden, JsonObject]]) -> list[Counter[str]]:
    """By kind: marked, found, found in the right standing, flagged, flagged rightly."""
    marked, hit, right, flagged, true = counts = [Counter[str]() for _ in range(5)]
    for one, made in pairs:
        mentions = mentions_in(made["risk_flags"])
        for kind, segment, standing in one.risks:
            marked[kind] += 1
            near = [m for m in mentions if m[0] == kind and abs(m[1] - segment) <= NEAR]
            hit[kind] += bool(near)
            right[kind] += any(m[2] == standing for m in near)
        for kind, segment in {(kind, segment) for kind, segment, _ in mentions}:
            flagged[kind] += 1
            true[kind] += any(kind == k and abs(segment - s) <= NEAR for k, s, _ in one.risks)
    return counts


def _print_line(kind: str, counted: Sequence[int]) -> None:
    marked, hit, right, flagged, true = counted
    cells = (marked, hit, _share(hit, marked), _share(right, marked), flagged, _share(true, flagged))
    print(f"  {kind:28} " + " ".join(f"{cell:>9}" for cell in cells))


def _is_found(notes: JsonObject, item: tuple[str, int]) -> bool:
    field, segment = item
    return any(piece["segment"] == segment for found in notes[field] for piece in found["evidence"])


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


if __name__ == "__main__":
    main()
