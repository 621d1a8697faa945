"""Models of events are built lazily, and parsed documents are immutable."""

import pytest
from pydantic import BaseModel, RootModel

from bidder.events.event import Event
from bidder.events.exchange import Exchange, Exchanges
from bidder.events.price_keys import ExchangeKeys, PriceKeys
from bidder.events.token import SigningKeys

MODELS: list[type[BaseModel]] = [Event, Exchange, Exchanges, ExchangeKeys, PriceKeys, SigningKeys]
STRICT: list[type[BaseModel]] = [Exchange, ExchangeKeys]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_built_at_its_first_use_and_is_immutable(model: type[BaseModel]) -> None:
    assert model.model_config["defer_build"]
    item = model.model_construct({}) if issubclass(model, RootModel) else model.model_construct()
    with pytest.raises((ValueError, TypeError)):
        setattr(item, next(iter(model.model_fields)), None)


@pytest.mark.parametrize("model", STRICT)
def test_a_document_with_an_unknown_field_is_refused(model: type[BaseModel]) -> None:
    known = {"encryption": "A" * 43, "integrity": "A" * 43} if model is ExchangeKeys else {}
    model.model_validate(known)
    with pytest.raises(ValueError, match="unknown"):
        model.model_validate({**known, "unknown": 1})
