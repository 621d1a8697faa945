"""Parses the bytes of a request to a BidRequest: the only gate for requests."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import from_json

from bidder.errors import UserError
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.mend import REPLACEMENT, field_path, mend, mend_text

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Fault = tuple[str, str]
"""A JSON path such as `imp[0].video.mimes`, and the fault of its value."""

MAX_BODY = 128 * 1024
"""The most bytes of a body. The longest video request in our recorded traffic has 2.3 KB."""

MAX_OBJECTS = 4000
"""The most objects and lists of a body. Real requests hold hundreds. An object costs 1.4 us, most of a long body."""

MAX_VALUES = 12_000
"""The most values of a body, counted by commas. Real requests hold hundreds, long block lists thousands."""

MAX_FAULTS = 100
"""The most wrong fields that are repaired or named in one request."""

MAX_SHORT_BODY = 8 * 1024
"""The most bytes of a request that is first validated directly from its bytes."""

_MAX_ROUNDS = 6
"""The most validations after a repair. Long lists within long lists take a round each."""

_MESSAGES = {
    "missing": "required",
    "model_attributes_type": "not an object",
    "model_type": "not an object",
    "string_type": "not a string",
    "string_too_long": "longer than {max_length} characters",
    "tuple_type": "not a list",
    "too_long": "more than {max_length} items",
    "int_type": "not a whole number",
    "int_parsing": "not a whole number",
    "int_parsing_size": "too large a number",
    "float_type": "not a number",
    "float_parsing": "not a number",
    "finite_number": "not a finite number",
}
"""The words for an error of pydantic, by its type. They may have values of the error's context."""

_DEALS, _DEAL_DEPTH = "imp.pmp.deals", 4
"""The path of the lists of deals, and the number of its steps with the position of the impression."""

_CHANNELS = ("site", "app", "dooh")


class InvalidRequest(UserError, ValueError):
    """A request that the standard calls invalid: `fields` has the path of each wrong field and the reason.

    The text repeats nothing of the request but the names of fields, so a response may contain it.
    """

    def __init__(self, fields: Sequence[Fault]) -> None:
        self.fields = list(fields)
        super().__init__("; ".join(f"{path}: {message}" for path, message in fields))


def parse(body: bytes, note_repair: Callable[[str], object] = lambda _: None) -> BidRequest:
    """The BidRequest (OpenRTB 2.6, section 3.2.1) that UTF-8 JSON `body` holds.

    `note_repair` is called with the path of each repaired field, such as `imp.pmp.deals`. Raises InvalidRequest, and
    nothing else, naming each field that the standard calls invalid.
    """
    if len(body) > MAX_BODY:
        raise InvalidRequest([("body", f"longer than {MAX_BODY} bytes")])
    # The count includes braces within strings: a limit needs no exact count.
    if body.count(b"{") + body.count(b"[") > MAX_OBJECTS:
        raise InvalidRequest([("body", f"more than {MAX_OBJECTS} objects and lists")])
    if body.count(b",") > MAX_VALUES:
        raise InvalidRequest([("body", f"more than {MAX_VALUES} values")])
    request = _parse_short(body) or _parse_leniently(body, note_repair)
    channels = _stated_channels(request.__dict__)
    if len(channels) > 1:
        channels = _remove_empty_channels(request, channels)
    may_conflict = len(channels) > 1 or len(request.imp) > 1
    if may_conflict and (conflicts := _conflicts([imp.id for imp in request.imp], channels)):
        raise InvalidRequest(conflicts)
    return request


def _parse_short(body: bytes) -> BidRequest | None:
    """The request if the body is short and valid, else None.

    Measured: this takes a fifth less time than `_parse_leniently`. Validating bytes copies each wrong value, however
    large, so longer bodies go through `_parse_leniently`, as do bodies that only Python's JSON parser accepts.
    """
    if len(body) > MAX_SHORT_BODY or b"NaN" in body or b"Infinity" in body:
        return None
    try:
        return BidRequest.model_validate_json(body)
    except ValidationError:
        return None


def _parse_leniently(body: bytes, note_repair: Callable[[str], object]) -> BidRequest:
    document = _decode(body)
    try:
        return BidRequest.model_validate(document)
    except ValidationError as error:
        return _mend_request(document, error, note_repair)


def _decode(body: bytes) -> Any:
    """The decoded JSON of a body, with texts repaired where they are not Unicode."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        parse_error = error
    try:
        document = from_json(mend_text(body), allow_inf_nan=False)
    except ValueError:
        raise InvalidRequest([("body", f"Invalid JSON: {parse_error}")]) from None
    # The response repeats the ids of request, impressions and deals exactly as sent, so no id may be repaired.
    if _is_id_repaired(document):
        raise InvalidRequest([("body", f"Invalid JSON: {parse_error}")])
    for imp in _objects(document, "imp"):
        for parent in (imp, *(deal for pmp in _objects(imp, "pmp") for deal in _objects(pmp, "deals"))):
            if _is_id_repaired(parent):
                del parent["id"]
    return document


def _is_id_repaired(parent: Any) -> bool:
    """Whether the id of an object was repaired."""
    name = parent.get("id") if isinstance(parent, dict) else None
    return isinstance(name, str) and REPLACEMENT in name


def _objects(parent: Any, name: str) -> list[dict[str, Any]]:
    """The objects in a field of an unvalidated object."""
    children = parent.get(name) if isinstance(parent, dict) else None
    return [child for child in (children if isinstance(children, list) else [children]) if isinstance(child, dict)]


def _mend_request(document: Any, error: ValidationError, note_repair: Callable[[str], object]) -> BidRequest:
    """The request without the wrong values that `mend` removes, without deals whose terms are unreadable, and without
    faulty impressions if others remain.
    """
    errors = _details(error)
    for _ in range(_MAX_ROUNDS):
        remaining_errors = []
        unreadable_deals: list[tuple[list[Any], object]] = []
        for details in reversed(errors):
            path = field_path(details["loc"])
            if mend(document, details):
                note_repair(path)
            elif path.startswith(_DEALS) and (deal := _deal_at(document, details["loc"])):
                note_repair(_DEALS)
                unreadable_deals.append(deal)
            else:
                remaining_errors.append(details)
        for deals, unreadable_deal in unreadable_deals:
            deals[:] = [deal for deal in deals if deal is not unreadable_deal]
        is_stuck = len(remaining_errors) == len(errors)
        if remaining_errors and not _remove_impressions(document, remaining_errors) and is_stuck:
            break
        try:
            return BidRequest.model_validate(document)
        except ValidationError as next_error:
            errors = _details(next_error)
    raise InvalidRequest([*map(_fault, errors), *_raw_conflicts(document)])


def _deal_at(document: Any, loc: Sequence[int | str]) -> tuple[list[Any], object] | None:
    """The list of deals and the deal at the path of an error, or None if the error is not in a deal."""
    if len(loc) <= _DEAL_DEPTH:
        return None
    *parents, position = loc[: _DEAL_DEPTH + 1]
    deals = document
    for step in parents:
        deals = deals[step]
    return deals, deals[position]


def _remove_impressions(document: Any, faults: "Iterable[ErrorDetails]") -> bool:
    """Removes the impressions with faults; returns whether any impression remains."""
    paths = [details["loc"] for details in faults]
    if not all(len(path) > 1 and path[0] == "imp" for path in paths):
        return False
    faulty_positions = {path[1] for path in paths}
    remaining_imps = [imp for position, imp in enumerate(document["imp"]) if position not in faulty_positions]
    if not any(isinstance(imp, dict) and imp.get("video") for imp in remaining_imps):
        return False
    document["imp"] = remaining_imps
    return True


def _details(error: ValidationError) -> "list[ErrorDetails]":
    if error.error_count() > MAX_FAULTS:
        raise InvalidRequest([("body", f"more than {MAX_FAULTS} fields are wrong")])
    errors = error.errors(include_url=False, include_input=False)
    # pydantic also reports a list as too short if all its items are wrong; the faults are those of the items.
    return [details for details in errors if (details["type"], details["loc"]) != ("too_short", ("imp",))] or errors


def _fault(details: "ErrorDetails") -> Fault:
    words = _MESSAGES.get(details["type"])
    return _path(details["loc"]), words.format_map(details.get("ctx", {})) if words else details["msg"].removeprefix(
        "Value error, "
    )


def _path(loc: Sequence[int | str]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return path.removeprefix(".") or "body"


def _remove_empty_channels(request: BidRequest, channels: list[str]) -> list[str]:
    """Removes empty site, app and dooh objects if another is not empty, since some senders send all three.

    Returns the remaining names of `channels`.
    """
    empty_channels = [name for name in channels if _is_empty(getattr(request, name).model_dump(exclude_defaults=True))]
    if len(empty_channels) == len(channels):
        return channels
    for name in empty_channels:
        setattr(request, name, None)
    return [name for name in channels if name not in empty_channels]


def _is_empty(value: object) -> bool:
    return all(map(_is_empty, value.values())) if isinstance(value, dict) else value in (None, "", ())


def _stated_channels(fields: dict[str, Any]) -> list[str]:
    return [name for name in _CHANNELS if fields.get(name) is not None]


def _conflicts(imp_ids: Iterable[object], channels: Sequence[str]) -> list[Fault]:
    """The faults between fields: impressions with equal ids, and more than one of site, app and dooh."""
    faults: list[Fault] = []
    first_positions: dict[object, int] = {}
    for index, imp_id in enumerate(imp_ids):
        if imp_id is not None and first_positions.setdefault(imp_id, index) != index:
            faults.append((f"imp[{index}].id", f"the same as imp[{first_positions[imp_id]}].id"))
    faults += [(name, f"cannot be sent beside {channels[0]}") for name in channels[1:]]
    return faults


def _raw_conflicts(document: Any) -> list[Fault]:
    """The clashes in a document that has other faults as well."""
    if not isinstance(document, dict):
        return []
    imps = document.get("imp")
    imps = imps if isinstance(imps, list) else []
    ids = (imp.get("id") if isinstance(imp, dict) else None for imp in imps)
    channels = [name for name in _stated_channels(document) if document[name] not in ({}, [], "")]
    texts = (str(imp_id) if isinstance(imp_id, str | int) else None for imp_id in ids)
    return _conflicts(texts, channels or _stated_channels(document))
