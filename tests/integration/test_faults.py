"""The ledger's handler against the local AWS, whose calls fail before or after they took effect."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from bidder.endpoints.record import record
from bidder.events.judge import Judge
from bidder.events.ledger import Ledger
from bidder.events.places import Places
from tests.campaigns import NOW
from tests.service import service
from tests.soak.run import events, owed
from tools.ministack import MiniStack

HARM, EVENTS, CAMPAIGNS = 0.25, 400, 5


class Failing:
    """A client of boto3's that loses calls and answers."""

    def __init__(self, client: Any, rng: Random) -> None:
        self._client = client
        self._rng = rng
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            if self._rng.random() < HARM:
                raise EndpointConnectionError(endpoint_url="lost on the way there")
            answer = getattr(self._client, name)(**arguments)
            if self._rng.random() < HARM:
                raise EndpointConnectionError(endpoint_url="lost on the way back")
            return answer

        return call


@pytest.mark.parametrize("seed", [26, 101])
def test_spend_is_exact_over_lost_calls_and_answers(local_aws: MiniStack, stack: dict[str, str], seed: int) -> None:
    rng = Random(seed)  # noqa: S311 - a repeatable draw, not a secret
    table, client = stack["BIDDER_LEDGER_TABLE"], local_aws.session().client("dynamodb")
    mark = f"faults-{rng.randrange(10**9)}-{id(rng)}"
    sent = [
        its.model_copy(update={"bid_id": f"{mark}-{its.bid_id}", "campaign_id": f"{mark}-{its.campaign_id}"})
        for its in events(rng, EVENTS, CAMPAIGNS)
    ]
    waiting = [its for its in sent for _ in range(rng.choice([1, 1, 2, 5]))]
    rng.shuffle(waiting)
    lost = 0
    while waiting:
        batch, waiting = waiting[:40], waiting[40:]
        failing: Any = Failing(client, rng)
        process = service(None, ledger=Ledger(failing, table), judge=Judge(Places(failing, table)))
        messages = [{"messageId": str(n), "body": its.model_dump_json()} for n, its in enumerate(batch)]
        try:
            again = {int(its["itemIdentifier"]) for its in record(process, messages)["batchItemFailures"]}
        except EndpointConnectionError:
            again, lost = set(range(len(batch))), lost + 1
        waiting += [batch[number] for number in again]

    spends = Ledger(client, table).spends({its.campaign_id: NOW.date() for its in sent})
    assert lost, "nothing failed, so nothing was proved"
    assert {name: its.total_micros for name, its in spends.items() if its.total_micros} == {
        name: micros for name, (micros, _) in owed(sent).items() if micros
    }
