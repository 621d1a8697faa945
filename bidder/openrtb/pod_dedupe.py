"""AdCOM 1.0, List: Pod Deduplication."""

from enum import IntEnum


class PodDedupe(IntEnum):
    """What `Video.poddedupe` holds."""

    ADOMAIN = 1
    CATEGORY = 2
    CREATIVE = 3
    MEDIA_FILE = 4
    NONE = 5
