"""The restore drill of docs/operations.md: damaged campaigns and ledger are restored and agree with the archive."""

import os
import time
from datetime import UTC, datetime

import pytest

from bidder.cli.main import main
from tests.integration.drill import Drill
from tests.integration.polling import poll
from tests.integration.traffic import Traffic
from tools.local import STACK
from tools.restore import restore

COUNTRY = "FRO"


def bidder(drill: Drill, *arguments: str) -> int:
    """The exit status of the command `bidder` on the drill's stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in drill.variables.items():
            patch.setenv(name, value)
        return main(arguments)


def test_campaigns_and_ledger_are_restored_and_the_ledger_verifies(
    drilled: Drill, capsys: pytest.CaptureFixture[str]
) -> None:
    assert os.environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    campaign, today = drilled.sell(COUNTRY), datetime.now(UTC).date().isoformat()
    drilled.refresh()
    traffic = Traffic(drilled, COUNTRY)
    poll(lambda: traffic.own_bid(traffic.bid()))

    for _ in range(3):
        traffic.sell_one()
    first = _counted(drilled, campaign, 0)
    good = datetime.now(UTC)
    time.sleep(1.1)  # DynamoDB restores to the second
    for _ in range(2):  # counted after the restore time
        traffic.sell_one()
    second = _counted(drilled, campaign, first)
    poll(lambda: drilled.messages("ArchiveQueue") == 0, seconds=120)

    dynamodb = drilled.session.client("dynamodb")
    ledger, table = drilled.variables["BIDDER_LEDGER_TABLE"], drilled.variables["BIDDER_CAMPAIGNS_TABLE"]
    for item in dynamodb.scan(TableName=ledger)["Items"]:
        dynamodb.delete_item(TableName=ledger, Key={name: item[name] for name in ("pk", "sk")})
    dynamodb.delete_item(TableName=table, Key={"id": {"S": campaign}})
    assert bidder(drilled, "ledger", "verify", "--day", today) == 1
    assert "never counted" in capsys.readouterr().out

    message: list[str] = []
    restored_counts = restore(drilled.session, STACK, ("campaigns", "history", "ledger"), good, message.append)

    assert restored_counts["campaigns"] == (1, 0)
    assert drilled.spent(campaign).total_micros == first
    assert [each for each in dynamodb.list_tables()["TableNames"] if "-at-" in each] == []
    assert bidder(drilled, "ledger", "recount", "--day", today) == 0
    assert bidder(drilled, "ledger", "verify", "--day", today) == 0, capsys.readouterr()
    assert "equal to the micro" in capsys.readouterr().out
    assert drilled.spent(campaign).total_micros == second
    traffic.sell_one()  # the ledger function continues
    assert _counted(drilled, campaign, second) > second


def _counted(drill: Drill, campaign: str, before: int) -> int:
    """The spend in micros, once it exceeds `before` and the ledger's queue is empty."""
    poll(lambda: drill.spent(campaign).total_micros > before and drill.messages("LedgerQueue") == 0, seconds=120)
    return drill.spent(campaign).total_micros
