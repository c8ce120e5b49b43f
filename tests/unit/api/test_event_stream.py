"""The pace of a stream of events."""

from api.http.event_stream import Pace, Seen, events
from shared.domain.errors import NotAuthenticated, Unavailable
from shared.services.sessions.event_feed import News


def test_a_silent_stream_says_now_and_then_that_it_is_there() -> None:
    pace = Pace(poll_seconds=0.001, silence_seconds=0.01, longest_seconds=0.2)
    told = list(events(lambda _: News((), 0, ended=False), Seen(1, 0), pace))
    assert told[0].startswith("retry: ")
    assert set(told[1:]) == {": still here\n\n"}
    assert 3 < len(told) < 30


def test_a_stream_ends_without_a_word_when_the_database_is_away() -> None:
    def ask(_: int) -> News:
        raise Unavailable("Away.")

    assert len(list(events(ask, Seen()))) == 1


def test_progress_that_was_told_is_not_told_again() -> None:
    news = iter([News((), 5, ended=False), News((), 5, ended=False), News((), 6, ended=True)])
    told = list(events(lambda _: next(news), Seen(3, 4), Pace(poll_seconds=0.0)))
    assert [text.splitlines()[0] for text in told[1:]] == ["id: 3-5", "id: 3-6"]


def test_what_is_left_is_told_with_the_progress_where_it_is_known() -> None:
    news = iter([News((), 5, ended=False), News((), 6, ended=True, seconds_left=90)])
    told = list(events(lambda _: next(news), Seen(3, 4), Pace(poll_seconds=0.0)))
    assert [text.splitlines()[2] for text in told[1:]] == [
        'data: {"progress": 5}',
        'data: {"progress": 6, "seconds_left": 90}',
    ]


def test_a_stream_ends_once_its_client_may_no_longer_follow() -> None:
    asked = []

    def ask(_: int) -> News:
        asked.append(1)
        if len(asked) == 3:
            raise NotAuthenticated("The key has ended.")
        return News((), 0, ended=False)

    told = list(events(ask, Seen(1, 0), Pace(poll_seconds=0.001)))
    assert (len(asked), len(told)) == (3, 1)
