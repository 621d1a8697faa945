"""Delivery methods: streaming, progressive, download (AdCOM 1.0, List: Delivery Methods)."""

from enum import IntEnum


class DeliveryMethod(IntEnum):
    """The values of `Video.delivery`."""

    STREAMING = 1
    PROGRESSIVE = 2
    DOWNLOAD = 3
