"""A command waits for the parameters longer than a bid, and says in the end what did not answer."""

from threading import Event

import pytest

from bidder.background_refresh import PATIENCE as BID_PATIENCE
from bidder.background_refresh import BackgroundRefreshed
from bidder.cli.parameter_read import PATIENCE, ParametersNotRead, read_parameters
from bidder.parameters import Reading, read
from tests.support.service import service as make_service


def test_parameters_that_are_late_for_a_bid_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    service = make_service(None)
    monkeypatch.setattr(service.current_parameters, "value", waited.append)

    assert read_parameters(service) is service.current_parameters
    assert waited == [PATIENCE]
    assert PATIENCE > BID_PATIENCE


def test_the_message_names_parameter_store_and_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    is_answered = Event()

    def hang(_: Reading | None) -> Reading:
        is_answered.wait(10)
        return read({})

    service = make_service(None)
    monkeypatch.setattr(service.current_parameters, "readings", BackgroundRefreshed("all", hang, lambda _: 60.0))
    with pytest.raises(ParametersNotRead, match=r"under /\S+ were not read within 0.01 s: Parameter Store"):
        read_parameters(service, patience=0.01)
    is_answered.set()
