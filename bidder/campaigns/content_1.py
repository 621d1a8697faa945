"""The ids of Content Taxonomy 1.0. `IAB1-3` is the third category below `IAB1`."""

import re

_BELOW = (7, 23, 12, 11, 15, 9, 45, 18, 31, 9, 5, 3, 12, 8, 10, 7, 44, 6, 36, 27, 3, 4, 10, 0, 7, 4)
"""The number of categories below IAB1, IAB2, … IAB26."""
_ID = re.compile(r"iab([1-9]\d?)(?:-([1-9]\d?))?", re.IGNORECASE)


def is_content_1(category: str) -> bool:
    """Whether a text is the id of a category of Content Taxonomy 1.0, in upper or lower case."""
    match = _ID.fullmatch(category)
    return match is not None and int(match[1]) <= len(_BELOW) and int(match[2] or 0) <= _BELOW[int(match[1]) - 1]
