"""The bid request as the auction may use it: completed by headers and user agent, then restricted by consent."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from bidder.countries import alpha_3
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.device import Device
from bidder.openrtb.device_type import DeviceType
from bidder.openrtb.geo import Geo
from bidder.openrtb.regs import Regs, RegsExt
from bidder.openrtb.site import Site
from bidder.openrtb.user_agent import UserAgent
from bidder.privacy.gate import restrict_request
from bidder.viewer.headers import NO_HEADERS, ViewerHeaders

_PRIVATE = (
    *("10.", "127.", "192.168.", "169.254.", *(f"172.{second}." for second in range(16, 32))),
    *("::1", "fc", "fd", "fe80:"),
)
"""The prefixes of private addresses (RFC 1918, 3927, 4193, 4291)."""

_MAX_USER_AGENT = 1024
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

_REDUCED_USER_AGENT = "android 10; k)"
"""The text that Chrome's reduced user agent has on every Android device: its version is not the device's."""

_DESKTOPS = frozenset({"windows", "macos", "linux", "chrome os", "chromium os"})


class DeviceFacts(NamedTuple):
    """The facts that a user agent states. `type` is from AdCOM's List: Device Types. An unknown fact is None."""

    type: DeviceType | None = None
    os: str | None = None
    osv: str | None = None


def prepare_request(request: BidRequest, headers: ViewerHeaders = NO_HEADERS) -> BidRequest:
    """The request with the facts of `headers` added, and without the data that the privacy signals forbid.

    The given request is changed. A replayed request has no headers.
    """
    fill_in(request, headers)
    return restrict_request(request)


def fill_in(request: BidRequest, headers: ViewerHeaders) -> None:
    """Adds the facts of `headers` to the fields that the request leaves empty. A stated field stays unchanged.

    If the request states another IP address than the caller's, a server sent it for the viewer. Its headers then
    describe the server and are not used. The device's type and operating system come from its user agent in both cases.
    """
    device = request.device
    stated_address = device and (device.ip or device.ipv6)
    trusted_headers = NO_HEADERS if stated_address and _is_other_address(stated_address, headers.address) else headers
    if trusted_headers != NO_HEADERS:
        _fill_device(request, trusted_headers)
        _fill_page(request, trusted_headers)
        _fill_country(request, trusted_headers)
        _fill_signals(request, trusted_headers)
    if request.device:
        _add_device_facts(request.device)


def _is_other_address(stated_address: str, address: str | None) -> bool:
    """Whether the request states another address than the caller's. False for a caller with a private address.

    Such a caller is a proxy, or runs on this machine.
    """
    return address is not None and stated_address != address and not _is_private(address)


def _is_private(address: str) -> bool:
    return address.lower().startswith(_PRIVATE)


def _ensure_device(request: BidRequest) -> Device:
    if request.device is None:
        request.device = Device.model_construct()
    return request.device


def _fill_device(request: BidRequest, headers: ViewerHeaders) -> None:
    device = _ensure_device(request)
    if headers.hints and device.sua is None and device.ua in {None, "", headers.user_agent}:
        device.sua = headers.hints
    device.ua = device.ua or headers.user_agent
    if not device.language and not device.langb:
        device.language = headers.language
    if headers.address and not device.ip and not device.ipv6 and not _is_private(headers.address):
        if ":" in headers.address:
            device.ipv6 = headers.address
        else:
            device.ip = headers.address


def _fill_page(request: BidRequest, headers: ViewerHeaders) -> None:
    if headers.page is None or request.app or request.dooh:
        return
    site = request.site = request.site or Site.model_construct()
    host = urlsplit(headers.page).hostname or ""
    if not site.page and (not site.domain or host == site.domain or host.endswith(f".{site.domain}")):
        site.page = headers.page
        site.domain = site.domain or host


def _fill_country(request: BidRequest, headers: ViewerHeaders) -> None:
    if headers.country is None:
        return
    country = alpha_3(headers.country)
    geo = request.location
    if geo is None:
        geo = _ensure_device(request).geo = Geo.model_construct()
    if not geo.country:
        geo.country = country
    if geo.country == country and not geo.region:
        geo.region = headers.region


def _fill_signals(request: BidRequest, headers: ViewerHeaders) -> None:
    """Adds the browser's privacy signals. They can only add a restriction to the request, never lift one."""
    if headers.do_not_track:
        _ensure_device(request).dnt = 1
    if headers.opts_out:
        regs = request.regs = request.regs or Regs.model_construct()
        regs.ext = regs.ext or RegsExt.model_construct()
        regs.ext.gpc = 1


def _add_device_facts(device: Device) -> None:
    facts = device_of(device.ua) if device.ua and (device.devicetype is None or not device.os) else None
    hints = device.sua
    if device.devicetype is None:
        device_type = facts.type if facts else None
        device.devicetype = type_by_hints(hints) if device_type is None and hints else device_type
    if facts and not device.os and not (hints and hints.platform):
        device.os, device.osv = facts.os, device.osv or facts.osv


@lru_cache(maxsize=1024)
def device_of(user_agent: str) -> DeviceFacts:
    """The device facts that a User-Agent header states.

    The search is for plain words: compiling regular expressions would add several milliseconds to a cold start.
    """
    text = user_agent[:_MAX_USER_AGENT].lower()
    for name, words, version_prefix in _SYSTEMS:
        if _has_any(text, words):
            version = _version(text, version_prefix) if version_prefix and _REDUCED_USER_AGENT not in text else None
            return DeviceFacts(_device_type(text), name, version)
    return DeviceFacts(_device_type(text))


def type_by_hints(hints: UserAgent) -> DeviceType | None:
    """The device type by client hints, or None. Client hints do not identify a television."""
    if hints.mobile == 1:
        return DeviceType.PHONE
    platform = ((hints.platform and hints.platform.brand) or "").lower()
    return DeviceType.PERSONAL_COMPUTER if platform in _DESKTOPS else None


def _device_type(text: str) -> DeviceType | None:
    if _has_any(text, _TELEVISIONS) or ("tizen" in text and " tv" in text):
        return DeviceType.CONNECTED_TV
    if _has_any(text, _CONSOLES):
        return DeviceType.CONNECTED_DEVICE
    if _has_any(text, _TABLETS) or ("android" in text and "mobile" not in text):
        return DeviceType.TABLET
    if _has_any(text, _PHONES):
        return DeviceType.PHONE
    return DeviceType.PERSONAL_COMPUTER if _has_any(text, _COMPUTERS) else None


def _has_any(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


def _version(text: str, prefix: str) -> str | None:
    """The version that follows `prefix`, with dots: Apple separates its digits by underscores."""
    text_after = text.partition(prefix)[2]
    end = next((position for position, char in enumerate(text_after) if char not in "0123456789._"), len(text_after))
    return text_after[:end].replace("_", ".").strip(".") or None
