"""The base of all tasks: takes one session id, gives nothing, logs the same fields."""

from typing import Any
from uuid import UUID

import structlog
from celery import Task
from celery.exceptions import TaskPredicate

log = structlog.get_logger(__name__)


class TaskFailed(RuntimeError):
    """A task's error as Celery, its events and Flower may see it: the type's name and no words."""


class NotAnId(TypeError):
    """A task was called with something other than one session id."""


class SessionTask(Task):  # type: ignore[misc]  # Celery is untyped
    """Refuses every argument but one UUID, so that nothing else can get into Redis or Flower."""

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        """Publish, if the arguments are one session id; raises NotAnId otherwise."""
        _only_id(args, kwargs)
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        session_id = _only_id(args, kwargs)
        structlog.contextvars.clear_contextvars()  # a claim binds the request that the step follows from
        log.info("task_started", name=self.name, session_id=session_id)
        try:
            super().__call__(session_id)
        except TaskPredicate:  # Celery's own words: ignore, reject, retry
            raise
        except Exception as error:  # noqa: BLE001 - an entrance: no error's words may pass it
            cause = type(error).__name__
            log.error("task_failed", name=self.name, session_id=session_id, error=cause)  # noqa: TRY400 - a traceback may quote
            raise TaskFailed(cause) from None
        else:
            log.info("task_ended", name=self.name, session_id=session_id)
        finally:
            structlog.contextvars.clear_contextvars()


def _only_id(args: Any, kwargs: Any) -> UUID:
    values = list(args or ())
    if kwargs or len(values) != 1:
        raise NotAnId("a task takes one session id and nothing else")
    try:
        return values[0] if isinstance(values[0], UUID) else UUID(str(values[0]))
    except ValueError:
        raise NotAnId("a task takes one session id and nothing else") from None
