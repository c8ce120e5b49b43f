"""Uploads under way at once are counted for a person and for a practice."""

from uuid import uuid4

import pytest

from api.uploads.at_once import PEOPLE_OF_A_PRACTICE, UploadSlots
from shared.domain.errors import LimitReached


def test_a_person_has_a_bounded_number_of_uploads_and_another_person_is_not_counted_in() -> None:
    slots = UploadSlots(2)
    practice, person, colleague = uuid4(), uuid4(), uuid4()
    first, _ = slots.take(person, practice), slots.take(person, practice)
    with pytest.raises(LimitReached) as refused:
        slots.take(person, practice)
    assert (refused.value.code, refused.value.retry_after_seconds) == ("uploads_at_once", 2)
    slots.take(colleague, practice)
    slots.release(first)
    slots.take(person, practice)


def test_many_people_of_one_practice_do_not_take_all_slots() -> None:
    slots = UploadSlots(1)
    practice = uuid4()
    for _ in range(PEOPLE_OF_A_PRACTICE):
        slots.take(uuid4(), practice)
    with pytest.raises(LimitReached):
        slots.take(uuid4(), practice)
    slots.take(uuid4(), uuid4())


def test_nothing_is_kept_of_uploads_that_ended() -> None:
    slots = UploadSlots(1)
    for _ in range(3):
        slots.release(slots.take(uuid4(), uuid4()))
    assert not slots._under_way
