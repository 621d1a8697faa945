"""The viewer of a request: the id, unless many viewers share it, and the pseudonyms of viewer and household.

Senders fill the fields of ids with constants: `null`, an unresolved macro, zeros, an example of a manual. A bidder that
takes such a text for an id counts many viewers as a single viewer. Frequency caps count exposures by the pseudonyms.
"""

import hmac
import itertools
import re
from collections.abc import Iterator
from urllib.parse import unquote

from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.url_names import encode_bytes

_PSEUDONYM_BYTES = 8

_CELLULAR = frozenset({3, 4, 5, 6, 7})
"""AdCOM List: Connection Types. The addresses of a mobile network are shared by many households."""
_HOUSEHOLD_PREFIX_BITS = 64
"""Bits of an IPv6 address that a household shares: providers assign /64 or more (RFC 6177)."""

_UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_ID_CHARACTERS = re.compile(r"[A-Za-z0-9_.+/=:|*~@,-]+")
"""The characters of ids: hexadecimal, base64, and the separators of several providers."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_WORDS = frozenset(
    [
        "a",
        "n",
        "na",
        "nan",
        "nil",
        "null",
        "none",
        "undefined",
        "unknown",
        "unset",
        "void",
        "empty",
        "blank",
        "zero",
        "missing",
        "invalid",
        "error",
        "default",
        "test",
        "dummy",
        "sample",
        "example",
        "placeholder",
        "anonymous",
        "anon",
        "guest",
        "nobody",
        "noid",
        "notset",
        "notavailable",
        "unavailable",
        "available",
        "not",
        "no",
        "set",
        "id",
        "ids",
        "uid",
        "user",
        "userid",
        "device",
        "deviceid",
        "ifa",
        "idfa",
        "idfv",
        "gaid",
        "aaid",
        "adid",
        "maid",
        "rida",
        "tifa",
        "advertising",
        "advertisingid",
        "identifier",
        "identifiers",
        "plain",
        "md",
        "sha",
        "macro",
        "buyer",
        "buyerid",
        "buyeruid",
        "exchange",
        "external",
        "ext",
        "your",
        "my",
        "insert",
        "here",
        "replace",
        "me",
        "todo",
        "tbd",
        "xxx",
        "optout",
        "opt",
        "out",
        "opted",
        "lat",
        "lmt",
        "limited",
        "limit",
        "ad",
        "tracking",
        "dnt",
        "true",
        "false",
        "yes",
        "string",
        "object",
        "value",
        "key",
        "player",
        "app",
        "site",
        "cookie",
        "cookieid",
        "session",
        "viewerid",
        "the",
        "of",
        "do",
        "has",
        "is",
    ]
)
_MIN_CHARACTERS, _MIN_DIFFERENT, _MIN_DIFFERENT_IN_UUID = 8, 4, 8
_MAX_STEP_SHARE = 0.75

_DIGITS_AND_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_STEPS = frozenset(
    pair
    for first, second in itertools.pairwise(_DIGITS_AND_LETTERS)
    for pair in ((first, first), (first, second), (second, first), (second, second))
) | {("9", "0"), ("0", "9")}
"""The pairs of characters that are equal, or that count up or down; 0 and a follow 9."""


def viewer(request: BidRequest, keys: SigningKeys) -> str | None:
    """The viewer's pseudonym, 11 characters of base64url: a keyed hash of the advertising id, else of the user's id.

    The key is secret, so that an owner of events cannot try all ids. The key is not the signing key, since a rotation
    of the signing key (`bidder.events.key_rotation`) must not change the pseudonyms.

    None if the request has no id of a viewer: see `viewer_id`.
    """
    id_text = viewer_id(request)
    if id_text is None:
        return None
    digest = hmac.digest(keys.viewer_secret, f"viewer\n{id_text}".encode(), "sha256")
    return encode_bytes(digest[:_PSEUDONYM_BYTES])


def household(request: BidRequest, keys: SigningKeys) -> str | None:
    """The pseudonym of the request's household: 11 characters of base64url.

    It is a keyed hash of the IPv4 address, else of the first 64 bits of the IPv6 address.

    None without an address, as in a restricted request (`restrict_request`), and for an address that is not public, is
    truncated at its last byte, or belongs to a mobile network.
    """
    device = request.device
    if device is None or device.connectiontype in _CELLULAR:
        return None
    network = _network(device.ip) or _network(device.ipv6)
    if network is None:
        return None
    digest = hmac.digest(keys.viewer_secret, f"household\n{network}".encode(), "sha256")
    return encode_bytes(digest[:_PSEUDONYM_BYTES])


def pseudonyms(request: BidRequest, keys: SigningKeys) -> tuple[str | None, str | None]:
    """The pseudonyms of the viewer and of the household of a request. Each is None if the request does not name it."""
    return viewer(request, keys), household(request, keys)


def viewer_id(request: BidRequest) -> str | None:
    """The id of the request's viewer: the advertising id of the device, else the first usable id of the user.

    None if there is no usable id. A request that `restrict_request` restricted has none.
    """
    return next(_viewer_ids(request), None)


def is_advertising_id(text: str) -> bool:
    """Whether a `device.ifa` identifies a single device: a UUID, as platforms make them, or the hash of a UUID."""
    text = _unquote_value(text)
    return bool(_UUID.fullmatch(text) or _HASH.fullmatch(text)) and _is_varied(text, _MIN_DIFFERENT_IN_UUID)


def is_id(text: str) -> bool:
    """Whether an id can identify a single viewer: long, varied, and neither a constant nor a macro."""
    text = _unquote_value(text)
    if len(text) < _MIN_CHARACTERS or not _ID_CHARACTERS.fullmatch(text) or _ADDRESS.fullmatch(text):
        return False
    if not text[0].isalnum() and text[0] == text[-1]:  # @ID@, __ID__, *ID*: a macro
        return False
    if _UUID.fullmatch(text) or _HASH.fullmatch(text):
        return is_advertising_id(text)
    return not _is_of_words(text) and _is_varied(text, _MIN_DIFFERENT)


def _viewer_ids(request: BidRequest) -> Iterator[str]:
    device, user = request.device, request.user
    if device and device.ifa and is_advertising_id(device.ifa):
        yield device.ifa
    if user:
        stated_ids = (user.buyeruid, user.id, *(uid.id for eid in user.eids for uid in eid.uids))
        yield from (text for text in stated_ids if text and is_id(text))


def _unquote_value(text: str) -> str:
    return unquote(text).strip().strip("\"'")


def _is_of_words(text: str) -> bool:
    """Whether a text is made of the words of constants and macros, or of any words and no digit."""
    digits = sum(map(str.isdigit, text))
    words = _WORD.findall(text)
    are_known = all(word.lower() in _WORDS for word in words)
    if not digits:
        # Random base64 changes case at every second letter; words change case rarely.
        changes = sum(left.isupper() != right.isupper() for left, right in itertools.pairwise(text))
        return len(text) < 2 * _MIN_CHARACTERS or changes < 0.4 * len(text)
    return bool(words) and are_known and digits < len(text) / 2


def _is_varied(text: str, min_different: int) -> bool:
    """Whether the letters differ and do not only count up or down, as in 12345678."""
    letters = [letter for letter in text.lower() if letter.isalnum()]
    if len(set(letters)) < min_different:
        return False
    steps = sum(map(_STEPS.__contains__, itertools.pairwise(letters)))
    return steps <= _MAX_STEP_SHARE * (len(letters) - 1)


def _network(text: str | None) -> str | None:
    from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address  # only capped campaigns ask

    try:
        address: IPv4Address | IPv6Address = ip_address((text or "").strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    if isinstance(address, IPv4Address):
        return str(address) if int(address) & 0xFF else None
    return str(IPv6Network((address, _HOUSEHOLD_PREFIX_BITS), strict=False))
