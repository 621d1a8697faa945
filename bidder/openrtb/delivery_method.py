"""AdCOM 1.0, List: Delivery Methods."""

from enum import IntEnum


class DeliveryMethod(IntEnum):
    """What `Video.delivery` holds."""

    STREAMING = 1
    PROGRESSIVE = 2
    DOWNLOAD = 3
