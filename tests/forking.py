"""Processes of tests that are forked off one which has their imports done: most of what a start costs."""

import multiprocessing
from multiprocessing.process import BaseProcess
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_wanted: dict[str, None] = {}


def import_ahead(*modules: str) -> None:
    """Have these modules imported where processes are forked, beside those that others want there.

    Python keeps one such process and one list: who sets it takes the list of all others away.
    """
    _wanted.update(dict.fromkeys(modules))
    _CONTEXT.set_forkserver_preload(list(_wanted))


def forked(target: Any, *arguments: Any) -> BaseProcess:
    """A process that has begun to run ``target``, which must be the function of a module."""
    process = _CONTEXT.Process(target=target, args=arguments)
    process.start()
    return process
