"""What notes find, and what they get wrong.

``python -m benchmarks.notes`` prints tables of what both engines find in the golden sessions (the
openai engine against a test model that writes what the rules find, so what differs is the road, not
the reading), those that were held out while the lexicons were written apart from the others.

``python -m benchmarks.notes --transcripts DIR --statements DIR --claims FILE --json`` measures the
rules on labelled text (``benchmarks.text.labelled_sets``) and prints one JSON object.
"""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import claims
from benchmarks.text import labelled_sets, notes_making, notes_measures, risk_measures
from shared.domain.values import ExtractionRequest, JsonObject, Transcript
from tests.fakes.notes_models import honest
from tests.fakes.openai_server import KEY, FakeOpenAI
from tests.fixtures.golden_sessions import Golden, mentions_in, sessions
from tests.note_documents import checked
from workers.engines.openai.extractor import OpenAIExtractor
from workers.engines.rules import RulesExtractor, screen

Draft = Callable[[Transcript], JsonObject]
NEAR = 1  # a flag may cite the question beside the answer that was marked


def main() -> None:
    """Print the tables, or the figures of the labelled text that is named."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--transcripts", type=Path, help="folder of labelled transcripts (JSON)")
    arguments.add_argument("--statements", type=Path, help="folder of statements (TSV)")
    arguments.add_argument("--claims", type=Path, help="file or folder of claims (JSON)")
    arguments.add_argument("--json", action="store_true", help="print in one line")
    wanted = arguments.parse_args()
    if not (wanted.transcripts or wanted.statements or wanted.claims):
        _print_tables()
        return
    figures = measure(wanted.transcripts, wanted.statements, wanted.claims)
    print(json.dumps(figures, indent=None if wanted.json else 1))


def measure(transcripts: Path | None, statements: Path | None, claimed: Path | None) -> dict[str, Any]:
    """The figures of each of the three that is given."""
    figures: dict[str, Any] = {}
    if statements is not None:
        figures["statements"] = risk_measures.of_statements(labelled_sets.statements(statements))
    if claimed is not None:
        judged = [one for file in claims.files(claimed) for one in claims.judge(json.loads(file.read_text()))]
        figures["claims"] = claims.summary(judged)
    if transcripts is not None:
        read = notes_making.read_all(labelled_sets.sessions(transcripts))
        figures["transcripts"] = notes_measures.of_sessions(read)
    return figures


def _print_tables() -> None:
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
