"""The forms in which notes leave the system."""

from collections.abc import Callable

from shared.exports.markdown import as_markdown
from shared.exports.outline import notes_outline, process_outline
from shared.exports.shapes import Outline

__all__ = ["FILES", "Outline", "notes_outline", "process_outline"]


def _as_word(outline: Outline) -> bytes:
    # Not before a document is asked for: its libraries take 8 MiB and 0.05 s of each start.
    from shared.exports.word import as_word

    return as_word(outline)


def _as_pdf(outline: Outline) -> bytes:
    # Not before a PDF is asked for: its libraries look for numpy, which the API otherwise never loads.
    from shared.exports.pdf import as_pdf

    return as_pdf(outline)


FILES: dict[str, tuple[str, Callable[[Outline], str | bytes]]] = {
    "md": ("text/markdown", as_markdown),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _as_word),
    "pdf": ("application/pdf", _as_pdf),
}
