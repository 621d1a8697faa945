"""Pod deduplication settings (AdCOM 1.0, List: Pod Deduplication)."""

from enum import IntEnum


class PodDedupe(IntEnum):
    """The values of `Video.poddedupe`."""

    ADOMAIN = 1
    CATEGORY = 2
    CREATIVE = 3
    MEDIA_FILE = 4
    NONE = 5
