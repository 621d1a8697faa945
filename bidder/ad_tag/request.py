"""From the query of an ad tag to the bid request that it stands for."""

from collections.abc import Mapping, Sequence
from typing import Any

from bidder.ad_tag.parameters import BY_NAME, PARAMETERS, Parameter
from bidder.ad_tag.unresolved import is_unknown, is_unresolved
from bidder.ad_tag.versions import DEFAULT, VERSIONS

Query = Mapping[str, Sequence[str]]
"""The values of each parameter, decoded, in their order."""

MIMES = ["video/mp4"]
"""The MIME type of an ad tag without types: every player plays it."""

USUAL_SECONDS = 30
"""The length of an ad, for a pod of so many ads that says neither its length nor theirs."""

POD = "1"
"""The id of a tag's pod."""

_QUOTED = 40
"""Characters of a wrong value that its error repeats."""


class InvalidTag(ValueError):
    """A tag with wrong parameters: `fields` says of each, by the name in the query, what is wrong with it."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields.items()))


def bid_request(query: Query, unique_id: str) -> dict[str, Any]:
    """The OpenRTB 2.6 BidRequest, as JSON has it. `unique_id` is its id where the tag names none.

    Parameters that the table does not know are ignored; unresolved macros and empty values count as absent. Raises
    InvalidTag.
    """
    values = _values(query)
    video: dict[str, Any] = {"mimes": MIMES, "protocols": VERSIONS[DEFAULT]}
    imp: dict[str, Any] = {"id": "1", "video": video}
    document: dict[str, Any] = {"id": unique_id, "imp": [imp]}
    inventory = _inventory(document, values)
    roots = {"imp": imp, "video": video, "inventory": inventory, "content": inventory.setdefault("content", {})}
    for parameter in reversed(PARAMETERS):  # of two that go to one field the first in the table wins
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
    """The values by the parameters' own names."""
    texts: dict[str, tuple[str, list[str]]] = {}
    for written, texts_of_name in query.items():
        parameter = BY_NAME.get(written.strip().lower())
        stated = [text for text in map(_clean, texts_of_name) if text and not is_unresolved(text)] if parameter else []
        if parameter and stated and (parameter.name not in texts or written.lower() == parameter.name):
            texts[parameter.name] = written, stated
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, (written, stated) in texts.items():
        try:
            value = _read(BY_NAME[name], stated)
        except ValueError as refusal:
            wrong[written[:_QUOTED]] = str(refusal)
        else:
            if value is not None:
                values[name] = value
    if "slots" in values and (also := {"poddur", "maxads"} & values.keys()):
        wrong["slots"] = f"can't be sent beside {', '.join(sorted(also))}: a pod has slots or a length"
    if wrong:
        raise InvalidTag(wrong)
    return values


def _clean(text: str) -> str:
    # A lone surrogate, which JSON can carry into a query, is no character.
    return text.encode("utf-8", "replace").decode().strip()


def _read(parameter: Parameter, texts: Sequence[str]) -> Any:
    """Raises ValueError with what the parameter takes."""
    reader = parameter.reader
    if reader.many:
        texts = [item for text in texts for item in map(str.strip, text.split(",")) if item]
        texts = [text for text in texts if not is_unresolved(text)]
    stated = [text for text in texts if parameter.takes_minus or not is_unknown(text)]
    if len(stated) > reader.most:
        msg = f"{len(stated)} values; {reader.most} at most"
        raise ValueError(msg)
    read = []
    for text in stated if reader.many else stated[:1]:
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
    """The app or the site of the request. A tag that names an app is an app's, whatever page it names besides."""
    is_app = any(field.startswith("app.") for name in values for field in BY_NAME[name].fields)
    inventory: dict[str, Any] = {}
    document["app" if is_app else "site"] = inventory
    return inventory


def _parts(parameter: Parameter, value: Any) -> tuple[Any, ...]:
    """The value for each field of the parameter."""
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
    """A structured pod: an impression for each slot, of at most its length."""
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
