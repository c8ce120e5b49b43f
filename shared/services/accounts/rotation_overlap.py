"""For how long what was rotated still holds beside what takes its place."""

from shared.domain.errors import InvalidInput

DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 7 * 24


def check_overlap(hours: int) -> None:
    """Raise InvalidInput for an overlap that is none, or too long."""
    if not 0 <= hours <= MAX_OVERLAP_HOURS:
        raise InvalidInput(f"An overlap is from 0 to {MAX_OVERLAP_HOURS} hours.", "overlap_out_of_range")
