"""Writes the schemas that `bidder.prebuilt` reads: `python -m tools.schemas FOLDER`, a package's `bidder/`."""

import pickle
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeting import AttributeRule
from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.parameters import Parameters
from bidder.prebuilt import file_of
from bidder.settings import Settings
from bidder.snapshot.manifest import Manifest

MODELS: tuple[type[BaseModel], ...] = (BidRequest, Campaign, Manifest, Parameters, AttributeRule, Settings, SigningKeys)


_REFERENCES = frozenset({"ref", "schema_ref"})


def written(model: type[BaseModel]) -> bytes:
    """A model's schema in the form that `bidder.prebuilt` reads; the same for the same sources.

    Functions and classes are pickled by their names. Metadata is left out, since only JSON Schema needs it.
    """
    return pickle.dumps(_bare(model.__pydantic_core_schema__, {}), protocol=5)


def _bare(schema: Any, numbers: dict[str, str]) -> Any:
    """`numbers` maps pydantic's references, which contain addresses in memory, to stable names."""
    if isinstance(schema, list):
        return [_bare(item, numbers) for item in schema]
    if not isinstance(schema, dict):
        return schema
    bare = {}
    for name, value in schema.items():
        # a field can have either name too, and is then a schema
        if name in _REFERENCES and isinstance(value, str):
            bare[name] = numbers.setdefault(value, str(len(numbers)))
        elif name != "metadata" or "type" in value:
            bare[name] = _bare(value, numbers)
    return bare


def main() -> None:
    for model in MODELS:
        path = Path(sys.argv[1]) / file_of(model)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(written(model))


if __name__ == "__main__":
    main()
