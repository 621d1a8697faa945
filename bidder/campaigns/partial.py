"""The valid parts of an invalid campaign document, so that one pass can report all of its mistakes."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.file_checks import Parts
from bidder.money import with_micros

Model = TypeVar("Model", bound=BaseModel)


def all_parts(campaign: Campaign) -> Parts:
    """All parts of a valid campaign."""
    creatives = [(number, creative, _ALL_OF_CREATIVES) for number, creative in enumerate(campaign.creatives)]
    return Parts(campaign, _ALL_OF_CAMPAIGNS, creatives)


def valid_parts(document: Mapping[str, Any]) -> Parts:
    """The valid fields of a campaign's document, and those of each of its creatives."""
    campaign, valid = _valid_fields(Campaign, document)
    written = document.get("creatives")
    creatives = [
        (number, *_valid_fields(Creative, creative))
        for number, creative in enumerate(written if isinstance(written, list) else ())
        if isinstance(creative, Mapping)
    ]
    return Parts(campaign, valid, creatives)


def _valid_fields(model: type[Model], document: Mapping[str, Any]) -> tuple[Model, frozenset[str]]:
    """A model object of the valid fields, and the names of the fields that are valid or left out."""
    fields = with_micros(model.model_fields, document)
    values: dict[str, Any] = {}
    valid = set()
    for name, field in model.model_fields.items():
        if name not in fields:
            if not field.is_required():
                valid.add(name)
            continue
        try:
            values[name] = _adapters(model)[name].validate_python(fields[name])
        except ValidationError:
            continue
        valid.add(name)
    return model.model_construct(**values), frozenset(valid)


@cache
def _adapters(model: type[BaseModel]) -> Mapping[str, TypeAdapter[Any]]:
    return {
        name: TypeAdapter(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)
        for name, field in model.model_fields.items()
    }


_ALL_OF_CAMPAIGNS = frozenset(Campaign.model_fields)
_ALL_OF_CREATIVES = frozenset(Creative.model_fields)
