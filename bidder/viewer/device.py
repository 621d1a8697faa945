"""The kind of device and its operating system, by what a user agent calls itself.

Words are looked for, and no regular expression: to compile those costs a cold start several milliseconds.
"""

from functools import lru_cache
from typing import NamedTuple

from bidder.openrtb.device_type import DeviceType
from bidder.openrtb.user_agent import UserAgent

_LONGEST = 1024
"""Characters of a user agent that are read."""

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
"""Each system, spelled as client hints spell it, the words that name it, and what its version stands behind."""

_REDUCED = "android 10; k)"
"""Chrome's name of every Android device in the reduced user agent string."""

_DESKTOPS = frozenset({"windows", "macos", "linux", "chrome os", "chromium os"})


class DeviceFacts(NamedTuple):
    """`type` is of AdCOM's list. None where the user agent does not say."""

    type: DeviceType | None = None
    os: str | None = None
    osv: str | None = None


@lru_cache(maxsize=1024)
def device_of(user_agent: str) -> DeviceFacts:
    """What a User-Agent header says."""
    text = user_agent[:_LONGEST].lower()
    for name, words, before_version in _SYSTEMS:
        if _has(text, words):
            version = _version(text, before_version) if before_version and _REDUCED not in text else None
            return DeviceFacts(_type(text), name, version)
    return DeviceFacts(_type(text))


def type_by_hints(hints: UserAgent) -> DeviceType | None:
    """What client hints say of the type; of a television they say nothing."""
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
    """The number behind the first of these words, with dots; Apple writes it with lines."""
    rest = text.partition(before)[2]
    end = next((position for position, char in enumerate(rest) if char not in "0123456789._"), len(rest))
    return rest[:end].replace("_", ".").strip(".") or None
