"""The device object (OpenRTB 2.6, section 3.2.18)."""

from bidder.openrtb.base import Object
from bidder.openrtb.geo import Geo
from bidder.openrtb.user_agent import UserAgent


class DeviceExt(Object):
    """Fields of `device.ext`. `atts` is the tracking authorization of iOS; 3 means that the user allows tracking."""

    atts: int | None = None


class Device(Object):
    """Device, section 3.2.18. `sua` takes precedence over `ua`; sizes are physical pixels."""

    geo: Geo | None = None
    dnt: int | None = None
    lmt: int | None = None
    ua: str | None = None
    sua: UserAgent | None = None
    ip: str | None = None
    ipv6: str | None = None
    devicetype: int | None = None
    make: str | None = None
    model: str | None = None
    os: str | None = None
    osv: str | None = None
    hwv: str | None = None
    h: int | None = None
    w: int | None = None
    pxratio: float | None = None
    js: int | None = None
    language: str | None = None
    langb: str | None = None
    carrier: str | None = None
    mccmnc: str | None = None
    connectiontype: int | None = None
    ifa: str | None = None
    ext: DeviceExt | None = None
