import pytest

from bidder.settings import InvalidSettings, read

GOOD = {
    "BIDDER_CAMPAIGNS_TABLE": "campaigns",
    "BIDDER_HISTORY_TABLE": "history",
    "BIDDER_LEDGER_TABLE": "ledger",
    "BIDDER_SNAPSHOT_BUCKET": "snapshots",
    "BIDDER_CREATIVE_BUCKET": "creatives",
    "BIDDER_ARCHIVE_BUCKET": "archive",
    "BIDDER_LEARNING_TABLE": "learning",
    "BIDDER_FREQUENCY_TABLE": "frequency",
    "BIDDER_NOTICES_QUEUE": "http://127.0.0.1:4566/000000000000/bid-events-notices",
    "BIDDER_EVENTS_TOPIC": "arn:aws:sns:us-east-1:000000000000:bid-events",
    "BIDDER_REFRESH_TOPIC": "arn:aws:sns:us-east-1:000000000000:campaign-refresh",
}


def test_an_empty_variable_counts_as_absent() -> None:
    assert read({**GOOD, "BIDDER_PUBLIC_URL": "", "OTHER": "x"}).public_url is None


def test_one_error_names_every_invalid_variable() -> None:
    bad = {**GOOD, "BIDDER_EVENTS_TOPIC": "arn", "BIDDER_PUBLIC_URL": "nowhere"}
    del bad["BIDDER_LEDGER_TABLE"]

    with pytest.raises(InvalidSettings) as error:
        read(bad)

    for name in ("BIDDER_LEDGER_TABLE", "BIDDER_EVENTS_TOPIC", "BIDDER_PUBLIC_URL"):
        assert name in str(error.value)
