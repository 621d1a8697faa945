"""Device types (AdCOM 1.0, List: Device Types)."""

from enum import IntEnum


class DeviceType(IntEnum):
    """The values of `Device.devicetype`."""

    MOBILE_OR_TABLET = 1
    PERSONAL_COMPUTER = 2
    CONNECTED_TV = 3
    PHONE = 4
    TABLET = 5
    CONNECTED_DEVICE = 6
    SET_TOP_BOX = 7
    OOH_DEVICE = 8
