"""Where sentences end."""

import pytest

from shared.domain.english.sentence_ends import SENTENCE_END


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Text me or Ms. Lowe. Then go.", ["Text me or Ms. Lowe.", "Then go."]),
        ("Talk to Dr. Lowe about it? Yes.", ["Talk to Dr. Lowe about it?", "Yes."]),
        ("Come at three p.m. on Monday. Fine.", ["Come at three p.m. on Monday.", "Fine."]),
        ("Come at three p.m. Then we talk.", ["Come at three p.m.", "Then we talk."]),
        ("So do I. And J. Lowe came.", ["So do I.", "And J. Lowe came."]),
        ("Pills, e.g. the blue ones, etc. They help.", ["Pills, e.g. the blue ones, etc.", "They help."]),
    ],
)
def test_an_abbreviation_ends_no_sentence(text: str, sentences: list[str]) -> None:
    assert SENTENCE_END.split(text) == sentences
