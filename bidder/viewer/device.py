"""The type of a device and its operating system, derived from its user agent or its client hints.

The search is for plain words: compiling regular expressions would add several milliseconds to a cold start.
"""

from functools import lru_cache
from typing import NamedTuple

from bidder.openrtb.device_type import DeviceType
from bidder.openrtb.user_agent import UserAgent

_LONGEST = 1024
"""The most characters of a user agent that are searched."""

_TELEVISIONS = (
    *("smart-tv", "smarttv", "apple tv", "appletv", "google tv", "googletv", "android tv", "hbbtv", "netcast", "web0s"),
    *("roku", "bravia", "viera", "vidaa", "crkey", "philipstv", "; aft"),
)
_CONSOLES = ("playstation", "xbox", "nintendo")
_TABLETS = ("ipad", "tablet", "playbook", "kindle", "silk/")
_PHONES = ("iphone", "ipod", "mobile", "phone")
_COMPUTERS = ("windows nt", "macintosh", "x11", "cros ")

_SYSTEMS = (
    ("tvOS", ("apple tv", "appletv", "tvos"), "tvos "),
    ("iOS", ("iphone", "ipad", "ipod"), " os "),
    ("Tizen", ("tizen",), "tizen "),
    ("webOS", ("web0s",), None),
    ("Roku", ("roku",), "dvp-"),
    ("Android", ("android",), "android "),
    ("Windows", ("windows nt",), None),
    ("macOS", ("mac os x",), None),
    ("Chrome OS", ("cros ",), None),
    ("Linux", ("linux", "x11"), None),
)
"""For each operating system: its name as client hints spell it, the words that identify it, the text before its
version.
"""

_REDUCED = "android 10; k)"
"""The text that Chrome's reduced user agent has on every Android device: its version is not the device's."""

_DESKTOPS = frozenset({"windows", "macos", "linux", "chrome os", "chromium os"})


class DeviceFacts(NamedTuple):
    """The facts that a user agent states. `type` is from AdCOM's List: Device Types. An unknown fact is None."""

    type: DeviceType | None = None
    os: str | None = None
    osv: str | None = None


@lru_cache(maxsize=1024)
def device_of(user_agent: str) -> DeviceFacts:
    """The device facts that a User-Agent header states."""
    text = user_agent[:_LONGEST].lower()
    for name, words, before_version in _SYSTEMS:
        if _has(text, words):
            version = _version(text, before_version) if before_version and _REDUCED not in text else None
            return DeviceFacts(_type(text), name, version)
    return DeviceFacts(_type(text))


def type_by_hints(hints: UserAgent) -> DeviceType | None:
    """The device type by client hints, or None. Client hints do not identify a television."""
    if hints.mobile == 1:
        return DeviceType.PHONE
    platform = ((hints.platform and hints.platform.brand) or "").lower()
    return DeviceType.PERSONAL_COMPUTER if platform in _DESKTOPS else None


def _type(text: str) -> DeviceType | None:
    if _has(text, _TELEVISIONS) or ("tizen" in text and " tv" in text):
        return DeviceType.CONNECTED_TV
    if _has(text, _CONSOLES):
        return DeviceType.CONNECTED_DEVICE
    if _has(text, _TABLETS) or ("android" in text and "mobile" not in text):
        return DeviceType.TABLET
    if _has(text, _PHONES):
        return DeviceType.PHONE
    return DeviceType.PERSONAL_COMPUTER if _has(text, _COMPUTERS) else None


def _has(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _version(text: str, before: str) -> str | None:
    """The version that follows `before`, with dots: Apple separates its digits by underscores."""
    rest = text.partition(before)[2]
    end = next((position for position, char in enumerate(rest) if char not in "0123456789._"), len(rest))
    return rest[:end].replace("_", ".").strip(".") or None
