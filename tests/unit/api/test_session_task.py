"""Tasks take one session id, and their errors carry no words."""

from uuid import uuid4

import pytest
import structlog
from celery import Celery
from celery.exceptions import Ignore

from workers.base import NotAnId, SessionTask, TaskFailed


def task_that(action):  # type: ignore[no-untyped-def]
    app = Celery("test", set_as_current=False)
    return app.task(name="pipeline.test", shared=False, base=SessionTask)(action)


def do_nothing(session_id: object) -> None:
    """A task's body."""


@pytest.mark.parametrize("args", [["what was said"], [], [str(uuid4()), "more"], [None]])
def test_anything_but_one_id_is_refused_before_it_reaches_the_queue(args: list[object]) -> None:
    with pytest.raises(NotAnId):
        task_that(do_nothing).apply_async(args)


def test_keyword_arguments_are_refused() -> None:
    with pytest.raises(NotAnId):
        task_that(do_nothing).apply_async([str(uuid4())], {"note": "what was said"})


def test_an_error_reaches_celery_without_its_words() -> None:
    def break_down(session_id: object) -> None:
        raise ValueError("what was said")

    with pytest.raises(TaskFailed) as caught:
        task_that(break_down)(str(uuid4()))
    assert str(caught.value) == "ValueError"
    assert caught.value.__suppress_context__


def test_celerys_own_signals_pass() -> None:
    def ignore(session_id: object) -> None:
        raise Ignore

    with pytest.raises(Ignore):
        task_that(ignore)(str(uuid4()))


def test_no_task_begins_with_the_request_of_the_one_before() -> None:
    seen = []

    def claim(session_id: object) -> None:
        seen.append(structlog.contextvars.get_contextvars())
        structlog.contextvars.bind_contextvars(request_id="upload-0001")
        if len(seen) == 1:
            raise ValueError

    with pytest.raises(TaskFailed):
        task_that(claim)(str(uuid4()))
    task_that(claim)(str(uuid4()))
    assert seen == [{}, {}]
    assert structlog.contextvars.get_contextvars() == {}
