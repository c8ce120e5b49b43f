"""What a patient asked for, and what protects the notes, as their readers see it."""

from collections.abc import Iterable, Iterator

from shared.domain.consent import PART2_NOTICE
from shared.domain.rights import RequestKind, RequestStatus
from shared.exports.shapes import Block, Line, flat
from shared.services.rights.requests import Asked

_AMENDMENT = {
    RequestStatus.OPEN: "Not decided yet.",
    RequestStatus.FULFILLED: "Agreed to.",
    RequestStatus.DENIED: "Denied.",
}


def part2_blocks(is_part2: bool) -> Iterator[Block]:
    """The statement that goes with each disclosure of records under 42 CFR Part 2."""
    if is_part2:
        yield Block("42 CFR Part 2", (Line(PART2_NOTICE),))


def rights_blocks(asked: Iterable[Asked]) -> Iterator[Block]:
    """A block for each request to amend the notes, and for each restriction that was agreed to."""
    for one in asked:
        day = one.received_at.strftime("%Y-%m-%d")
        words = [Line(flat(line)) for line in one.words.splitlines() if line.strip()]
        answer = [Line(flat(line)) for line in (one.answer or "").splitlines() if line.strip()]
        if one.kind is RequestKind.RESTRICTION:
            yield Block(f"Restriction agreed with the patient, {day}", (*words, *answer))
        elif one.kind is RequestKind.AMENDMENT:
            decision = Line(_AMENDMENT.get(one.status, ""))
            yield Block(f"Statement of the patient, {day}", (*words, decision, *answer))
