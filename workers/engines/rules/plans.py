"""What stays open: things to come back to, and what the client does not know yet."""

from shared.domain.notes.items import Item
from workers.engines.rules.items.tasks import states_task
from workers.engines.rules.lexicons import plans as lexicon
from workers.engines.rules.matching import listed
from workers.engines.rules.passages import Passage, answer_to
from workers.engines.rules.reading import Reading, quoted

MOST = 8


def follow_ups_in(reading: Reading) -> list[Item]:
    """``follow_up_topics``: what is to be taken up again."""
    found = []
    for passage in reading.passages:
        hit = listed(lexicon.COME_BACK).first(passage)
        if hit is None or listed(lexicon.NOT_COME_BACK).first(passage):
            continue
        if passage.number in reading.risky or states_task(passage):
            continue
        answer = answer_to(reading.passages, passage)[:1] if passage.question else []
        found.append(_item(reading, f"to come back to: {quoted(passage)}", [passage, *answer]))
    return found[:MOST]


def concerns_in(reading: Reading) -> list[Item]:
    """``unresolved_concerns``: what the client leaves open, in their words."""
    return [
        _item(reading, passage.text, [passage])
        for passage in reading.client
        if listed(lexicon.UNRESOLVED).first(passage)
        and passage.number not in reading.risky
        and len(passage.words) >= 5
        and not (passage.question and reading.roles_known is False)
    ][:MOST]


def _item(reading: Reading, text: str, passages: list[Passage]) -> Item:
    return Item.saying(reading.cited(passages), text=text)
