"""The recorded requests that test a new version before it gets traffic. All have `test: 1`: no bid is billed."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).with_name("recorded_requests.json")


class RecordedRequest(BaseModel):
    """One HTTP request to the API, and the status codes that are valid for its answer."""

    model_config = ConfigDict(frozen=True)

    name: str
    method: str = "POST"
    resource: str = "/bid"
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    body: Any = None
    statuses: tuple[int, ...] = (200, 204)

    @property
    def is_auction(self) -> bool:
        """Whether the request is a BidRequest to `/bid`."""
        return self.resource == "/bid" and isinstance(self.body, dict)

    @property
    def takes_xml(self) -> bool:
        """Whether the request asks for VAST as its answer."""
        return self.headers.get("Accept") == "application/xml"

    @property
    def auction_id(self) -> str | None:
        """The id of the BidRequest."""
        return self.body.get("id") if isinstance(self.body, dict) else None

    @cached_property
    def floors(self) -> dict[str, float]:
        """The floor (CPM) of each impression by id; 0 for an impression without a floor."""
        return {imp["id"]: imp.get("bidfloor", 0) for imp in self.body.get("imp", [])}


def recorded_requests(path: Path = _FILE) -> list[RecordedRequest]:
    """The recorded requests in the package, or in another file of that form."""
    return [RecordedRequest.model_validate(each) for each in json.loads(path.read_text())]
