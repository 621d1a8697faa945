"""The requests that a new version is asked before it gets traffic. All are tests: what comes of them bills nothing."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

_FILE = Path(__file__).with_name("recorded_requests.json")


class RecordedRequest(BaseModel):
    """One request to the API, and the statuses that any version may answer."""

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
        """Whether it asks for bids."""
        return self.resource == "/bid" and isinstance(self.body, dict)

    @property
    def takes_xml(self) -> bool:
        """Whether it is answered with VAST."""
        return self.headers.get("Accept") == "application/xml"

    @property
    def auction_id(self) -> str | None:
        """The id of the BidRequest."""
        return self.body.get("id") if isinstance(self.body, dict) else None

    @cached_property
    def floors(self) -> dict[str, float]:
        """The floors of the impressions by id."""
        return {imp["id"]: imp.get("bidfloor", 0) for imp in self.body.get("imp", [])}


def recorded_requests(path: Path = _FILE) -> list[RecordedRequest]:
    """The requests of the package, or of another file."""
    return TypeAdapter(list[RecordedRequest]).validate_python(json.loads(path.read_text()))
