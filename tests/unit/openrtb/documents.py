"""Small OpenRTB requests as JSON values, and their parsed form."""

import json
from typing import Any

import pytest

from bidder.openrtb import BidRequest, InvalidRequest, parse

VIDEO = {"mimes": ["video/mp4"]}


def request(**changes: Any) -> dict[str, Any]:
    return {"id": "r", "imp": [{"id": "1", "video": dict(VIDEO)}]} | changes


def with_imp(**changes: Any) -> dict[str, Any]:
    return request(imp=[{"id": "1", "video": dict(VIDEO)} | changes])


def with_video(**changes: Any) -> dict[str, Any]:
    return with_imp(video=VIDEO | changes)


def read(document: Any) -> BidRequest:
    return parse(json.dumps(document).encode())


def faults(document: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as error:
        read(document)
    return [path for path, _ in error.value.fields]
