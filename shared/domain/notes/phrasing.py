"""Items of the notes as sentences: quotations that end once, and tasks told plainly."""

import re

from shared.domain.english.quotes import words_of
from shared.domain.vocabulary.actions import ACTIONS

TASK_QUOTE = 16  # words of a task that is quoted
_ONES_OWN = re.compile(r"\b(?:i|i'm|i'll|i'd|i've|me|my|mine|we|us|our|let's)\b", re.IGNORECASE)


def said(frame: str, text: str) -> str:
    """``frame`` and a quotation as one sentence that ends once."""
    ends = text.rstrip("”").endswith((".", "?", "!", "…"))
    return f"{frame}{text}" if ends else f"{frame}{text}."


def clipped(text: str, words: int) -> str:
    """``text`` in quotation marks, cut after ``words`` words."""
    parts = text.split()
    shown = " ".join(parts[:words]) + (" …" if len(parts) > words else "")
    return "“" + shown.translate(str.maketrans('“”"', "'''")) + "”"


def task_sentence(told: str, quoting: str, task: str, person: str = "their") -> str:
    """``task`` as a plain sentence where it reads as one after ``told``, else quoted after ``quoting``."""
    wanted, _, named = task.partition(" (“")
    plain = wanted[:1].lower() + wanted[1:]
    reads = told and not named and not _ONES_OWN.search(plain) and words_of(plain)[:1]
    if not reads or words_of(plain)[0] not in ACTIONS:
        return said(quoting, clipped(wanted, TASK_QUOTE))
    them = "you" if person == "your" else "them"
    plain = re.sub(r"\byou\b", them, re.sub(r"\byour\b", person, plain))
    return f"{told}{plain.rstrip('.')}."
