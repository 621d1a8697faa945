"""Converts the query of an ad tag to a bid request."""

from collections.abc import Mapping, Sequence
from typing import Any

from bidder.ad_tag.parameters import BY_NAME, PARAMETERS, Parameter
from bidder.ad_tag.unresolved import is_unknown, is_unresolved
from bidder.ad_tag.versions import DEFAULT, VERSIONS

Query = Mapping[str, Sequence[str]]
"""The decoded values by parameter name, in the order of the query."""

MIMES = ["video/mp4"]
"""The MIME type of an ad tag without types: every player plays it."""

USUAL_SECONDS = 30
"""Seconds of an ad in a pod, if the tag states the number of ads but neither their length nor the pod's."""

POD = "1"
"""The id of a tag's pod."""

_QUOTED = 40
"""The most characters of an invalid value that an error message quotes."""


class InvalidTag(ValueError):
    """An ad tag has invalid parameters. `fields` holds the fault of each, by the name that the query uses."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()))


def bid_request(query: Query, unique_id: str) -> dict[str, Any]:
    """The BidRequest (OpenRTB 2.6, section 3.2.1) of an ad tag, as a JSON document.

    `unique_id` becomes the request's id if the tag has no `id`. Unknown parameters, unresolved macros and empty values
    are ignored. Raises InvalidTag.
    """
    values = _values(query)
    video: dict[str, Any] = {"mimes": MIMES, "protocols": VERSIONS[DEFAULT]}
    imp: dict[str, Any] = {"id": "1", "video": video}
    document: dict[str, Any] = {"id": unique_id, "imp": [imp]}
    inventory = _inventory(document, values)
    roots = {"imp": imp, "video": video, "inventory": inventory, "content": inventory.setdefault("content", {})}
    for parameter in reversed(PARAMETERS):  # so that of two parameters for one field, the table's first wins
        if parameter.name in values and parameter.fields:
            for path, value in zip(parameter.fields, _parts(parameter, values[parameter.name]), strict=True):
                _put(document, roots, path, value)
    if "poddur" in values or "maxads" in values:
        video["podid"] = POD
        video.setdefault("poddur", video.get("maxseq", 1) * (video.get("maxduration") or USUAL_SECONDS))
    if "slots" in values:
        document["imp"] = _slots(imp, values["slots"])
    return _without_empty(document)


def _values(query: Query) -> dict[str, Any]:
    """The values by the names of the table, for each spelling in the query. Raises InvalidTag."""
    texts: dict[str, tuple[str, list[str]]] = {}
    for written, texts_of_name in query.items():
        parameter = BY_NAME.get(written.strip().lower())
        stated_values = (
            [text for text in map(_clean, texts_of_name) if text and not is_unresolved(text)] if parameter else []
        )
        if parameter and stated_values and (parameter.name not in texts or written.lower() == parameter.name):
            texts[parameter.name] = written, stated_values
    values: dict[str, Any] = {}
    mistakes: dict[str, str] = {}
    for name, (written, stated_values) in texts.items():
        try:
            value = _parse_value(BY_NAME[name], stated_values)
        except ValueError as refusal:
            mistakes[written[:_QUOTED]] = str(refusal)
        else:
            if value is not None:
                values[name] = value
    if "slots" in values and (also := {"poddur", "maxads"} & values.keys()):
        mistakes["slots"] = f"can't be combined with {', '.join(sorted(also))}: send one of them"
    if mistakes:
        raise InvalidTag(mistakes)
    return values


def _clean(text: str) -> str:
    # A query can contain a lone surrogate through JSON, and a lone surrogate has no UTF-8 encoding.
    return text.encode("utf-8", "replace").decode().strip()


def _parse_value(parameter: Parameter, texts: Sequence[str]) -> Any:
    """The value of a parameter, or None if the texts hold no value. Raises ValueError with a message for the caller."""
    reader = parameter.reader
    if reader.many:
        texts = [item for text in texts for item in map(str.strip, text.split(",")) if item]
        texts = [text for text in texts if not is_unresolved(text)]
    stated_values = [text for text in texts if parameter.takes_minus or not is_unknown(text)]
    if len(stated_values) > reader.most:
        msg = f"{len(stated_values)} values; at most {reader.most} are allowed"
        raise ValueError(msg)
    read = []
    for text in stated_values if reader.many else stated_values[:1]:
        try:
            value = reader.read(text)
        except ValueError:
            msg = f"{text[:_QUOTED]!r} is not {reader.takes}"
            raise ValueError(msg) from None
        if value is not None:
            read.append(value)
    if not read:
        return None
    return read if reader.many else read[0]


def _inventory(document: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The new `app` or `site` object of the request: `app` if the tag has any parameter of an app, else `site`."""
    is_app = any(field.startswith("app.") for name in values for field in BY_NAME[name].fields)
    inventory: dict[str, Any] = {}
    document["app" if is_app else "site"] = inventory
    return inventory


def _parts(parameter: Parameter, value: Any) -> tuple[Any, ...]:
    """The value for each field of the parameter, in the order of its fields."""
    match parameter.name:
        case "currency":
            return value, [value]
        case "companions":
            return ([{"w": width, "h": height} for width, height in value],)
        case "deals":
            return ([{"id": deal} for deal in dict.fromkeys(value)],)
        case "vast":
            return (sorted({protocol for protocols in value for protocol in protocols}),)
    return value if isinstance(value, tuple) else (value,)


def _put(document: dict[str, Any], roots: Mapping[str, dict[str, Any]], path: str, value: Any) -> None:
    *parents, field = path.split(".")
    if parents and parents[0] in {"site", "app"} and parents[0] not in document:
        return
    holder = document
    if parents and parents[0] in roots:
        holder = roots[parents.pop(0)]
    for parent in parents:
        holder = holder.setdefault(parent, {})
    holder[field] = value


def _slots(imp: dict[str, Any], lengths: Sequence[int]) -> list[dict[str, Any]]:
    """The impressions of a structured pod: one for each slot, whose `maxduration` is the slot's length in seconds."""
    return [
        {**imp, "id": str(number), "video": {**imp["video"], "podid": POD, "maxduration": length}}
        for number, length in enumerate(lengths, 1)
    ]


def _without_empty(document: dict[str, Any]) -> dict[str, Any]:
    for name in ("site", "app"):
        if name in document:
            inventory = {key: value for key, value in document[name].items() if value != {}}
            document = {**document, name: inventory}
    return {key: value for key, value in document.items() if value != {}}
