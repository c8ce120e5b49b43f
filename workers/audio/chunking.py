"""Groups utterances into chunks that workers transcribe side by side."""

from collections.abc import Iterable, Sequence

from shared.domain.values import Chunk, Utterance


def plan_chunks(utterances: Iterable[Utterance], chunk_seconds: float) -> tuple[Chunk, ...]:
    """Chunks of one channel each, none spanning more than ``chunk_seconds``, by start time.

    Cuts fall only between utterances, and at a pause if the chunk has one: utterances that touch were
    parted for a change of speaker. A single longer utterance is a chunk of its own. The
    span counts, not the speech in it, because some engines are sent the silences too.
    """
    chunks: list[Chunk] = []
    open_chunks: dict[int | None, list[Utterance]] = {}
    for utterance in sorted(utterances, key=lambda u: (u.start, u.end)):
        group = open_chunks.setdefault(utterance.channel, [])
        while group and utterance.end - group[0].start > chunk_seconds:
            cut = _last_pause(group, utterance)
            chunks.append(Chunk(tuple(group[:cut])))
            del group[:cut]
        group.append(utterance)
    chunks += [Chunk(tuple(group)) for group in open_chunks.values() if group]
    return tuple(sorted(chunks, key=lambda chunk: (chunk.start, chunk.end)))


def _last_pause(group: Sequence[Utterance], following: Utterance) -> int:
    """How many utterances of ``group`` come before its last pause; all of them if it has none."""
    starts = [utterance.start for utterance in group[1:]] + [following.start]
    pauses = [at for at, start in enumerate(starts, 1) if start > group[at - 1].end]
    return pauses[-1] if pauses else len(group)
