"""A request with more items than a list may have is read without the excess, never refused for it."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from annotated_types import MaxLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bidder.openrtb.base import MAX_STRING
from bidder.openrtb.bid_request import MAX_IMPS, BidRequest
from bidder.openrtb.imp import Imp
from bidder.openrtb.mend import FLOORS, SIGNALS
from bidder.openrtb.parse import InvalidRequest, parse
from bidder.openrtb.pmp import MAX_DEALS, Pmp
from bidder.privacy.gate import restriction

_ITEMS: dict[str, Any] = {"BrandVersion": {"brand": "b"}}
"""An item of a list, by its model; `{}` for all others, with a unique id where the model has one."""


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_of(argument)


def most_of(field: FieldInfo) -> int | None:
    return next((limit.max_length for limit in field.metadata if isinstance(limit, MaxLen)), None)


def long_lists(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, int]]:
    """The path and the limit of each list of objects of a request."""
    for name, field in model.model_fields.items():
        for inner in models_of(field.annotation):
            if (most := most_of(field)) is not None:
                yield ".".join((*path, name)), most
            yield from long_lists(inner, (*path, name))


def item(model: type[BaseModel], number: int) -> dict[str, Any]:
    known: dict[str, Any] = _ITEMS.get(model.__name__, {})
    numbered = {"id": str(number)} if "id" in model.model_fields else {}
    video = {"video": {"mimes": ["video/mp4"]}} if model.__name__ == "Imp" else {}
    return {**known, **numbered, **video}


def document_with(model: type[BaseModel], path: list[str], count: int) -> dict[str, Any]:
    """An object with `count` items in the list at the path, and one item in each list above it."""
    name, *rest = path
    [inner] = models_of(model.model_fields[name].annotation)
    if rest:
        base = item(inner, 0) if most_of(model.model_fields[name]) is not None else {}
        below = {**base, **document_with(inner, rest, count)}
        if name == "video":
            below["mimes"] = ["video/mp4"]
        return {name: [below] if most_of(model.model_fields[name]) is not None else below}
    return {name: [item(inner, number) for number in range(count)]}


def request_with(path: str, count: int) -> bytes:
    document = {"id": "1", "imp": [item(Imp, 0)]}
    return json.dumps(document | document_with(BidRequest, path.split("."), count)).encode()


def items_at(value: Any, path: list[str]) -> Any:
    for step in path:
        value = getattr(value[0] if isinstance(value, tuple) else value, step)
    return value


LISTS = sorted(set(long_lists(BidRequest)))


def test_the_lists_of_the_standard_are_among_the_tested() -> None:
    assert {"imp", "imp.pmp.deals", "user.eids", "user.eids.uids", "imp.video.durfloors"} <= {path for path, _ in LISTS}
    assert ("imp", MAX_IMPS) in LISTS
    assert ("imp.pmp.deals", MAX_DEALS) in LISTS


@pytest.mark.parametrize(("path", "maximum"), [case for case in LISTS if case[0] not in FLOORS])
@pytest.mark.parametrize("excess", [0, 1, 150])
def test_the_first_items_of_a_long_list_are_read_and_the_excess_is_counted(
    path: str, maximum: int, excess: int
) -> None:
    mended: list[str] = []

    request = parse(request_with(path, maximum + excess), mended.append)

    assert len(items_at(request, path.split("."))) == maximum
    assert mended == ([path] if excess else [])


def test_a_long_list_of_floors_is_unreadable_since_a_part_of_it_would_lower_a_floor() -> None:
    assert {path for path, _ in LISTS if path.endswith(".durfloors")} == FLOORS
    with pytest.raises(InvalidRequest) as error:
        parse(request_with("imp.video.durfloors", 201))
    assert error.value.fields == [("imp[0].video.durfloors", "more than 200 items")]
    [imp] = parse(request_with("imp.pmp.deals.durfloors", 201)).imp
    assert imp.pmp == Pmp(deals=())


def test_long_lists_in_each_other_are_all_cut() -> None:
    document = json.loads(request_with("imp", MAX_IMPS + 5))
    document["imp"][0]["pmp"] = {"deals": [{"id": f"d{number}", "bidfloorcur": ""} for number in range(MAX_DEALS + 1)]}
    document["imp"][1] |= {"bidfloor": "much", "pmp": {"deals": [{"id": "d"}] * (MAX_DEALS + 1)}}
    document["imp"][2]["video"]["companionad"] = [{"format": [{}] * 201}, *[{}] * 200]
    for deal in document["imp"][0]["pmp"]["deals"][50:]:
        del deal["bidfloorcur"]

    request = parse(json.dumps(document).encode())

    assert [imp.id for imp in request.imp] == ["0", *(str(number) for number in range(2, MAX_IMPS))]
    [first, second, *_] = request.imp
    assert first.pmp is not None
    assert len(first.pmp.deals) == MAX_DEALS
    assert second.video is not None
    assert len(second.video.companionad) == 200


@pytest.mark.parametrize("path", sorted(SIGNALS))
def test_a_privacy_signal_that_is_too_long_restricts_the_request(path: str) -> None:
    *parents, name = path.split(".")
    signals: dict[str, Any] = {name: ("1YNN" if "us" in name else "A") * MAX_STRING}
    for parent in reversed(parents):
        signals = {parent: signals}
    short_request = json.loads(request_with("imp", 1))

    assert restriction(parse(json.dumps(short_request).encode())) is None
    assert restriction(parse(json.dumps(short_request | signals).encode())) is not None


def test_a_long_block_list_is_read_if_few_of_its_values_must_be_rewritten() -> None:
    short_request = json.loads(request_with("imp", 1))
    domains, apps = [f"d{number}.example" for number in range(3000)], [f"com.app{number}" for number in range(3000)]
    blocked = {"badv": [*domains, "https://Shop.Example/"], "bapp": [*apps, "id123456789"]}

    request = parse(json.dumps(short_request | blocked).encode())

    assert request.badv == (*domains, "shop.example")
    assert request.bapp == (*apps, "123456789")


def test_a_list_of_what_is_accepted_is_cut() -> None:
    short_request = json.loads(request_with("imp", 1))
    short_request["imp"][0]["video"]["mimes"] = ["video/mp4", *["Video/X"] * 2000]

    request = parse(json.dumps(short_request | {"wlang": ["en-US"] * 2000}).encode())

    assert request.wlang == ("en",) * 1000
    assert request.imp[0].video is not None
    assert len(request.imp[0].video.mimes) == 1000
