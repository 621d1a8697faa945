"""Content Taxonomy 1.0: whether it has an id. `IAB1-3` is the third category below the first."""

import re

_BELOW = (7, 23, 12, 11, 15, 9, 45, 18, 31, 9, 5, 3, 12, 8, 10, 7, 44, 6, 36, 27, 3, 4, 10, 0, 7, 4)
"""How many categories are below IAB1, IAB2, … IAB26."""
_ID = re.compile(r"iab([1-9]\d?)(?:-([1-9]\d?))?", re.IGNORECASE)


def is_content_1(category: str) -> bool:
    """Whether the taxonomy has the category, in upper or lower case."""
    its = _ID.fullmatch(category)
    return its is not None and int(its[1]) <= len(_BELOW) and int(its[2] or 0) <= _BELOW[int(its[1]) - 1]
