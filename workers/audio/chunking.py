"""Groups utterances into chunks that workers transcribe side by side."""

from collections.abc import Iterable

from shared.domain.values import Chunk, Utterance


def plan_chunks(utterances: Iterable[Utterance], chunk_seconds: float) -> tuple[Chunk, ...]:
    """Chunks of one channel each, none spanning more than ``chunk_seconds``, by start time.

    Cuts fall only between utterances; a single longer utterance is a chunk of its own. The
    span counts, not the speech in it, because some engines are sent the silences too.
    """
    chunks: list[Chunk] = []
    open_chunks: dict[int | None, list[Utterance]] = {}
    for utterance in sorted(utterances, key=lambda u: (u.start, u.end)):
        group = open_chunks.setdefault(utterance.channel, [])
        if group and utterance.end - group[0].start > chunk_seconds:
            chunks.append(Chunk(tuple(group)))
            group.clear()
        group.append(utterance)
    chunks += [Chunk(tuple(group)) for group in open_chunks.values() if group]
    return tuple(sorted(chunks, key=lambda chunk: (chunk.start, chunk.end)))
