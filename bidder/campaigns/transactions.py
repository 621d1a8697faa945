"""The limits of DynamoDB transactions of campaigns, and their transient failures."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bidder.aws.batches import batches_within
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.item_size import document_of, too_large

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

MAX_IN_A_WRITE = 40
"""The most campaigns in a transaction, of 100 items and 4 MB. Each takes two items and three times its own length."""
MAX_BYTES_IN_A_WRITE = 1_000_000

_TRY_AGAIN = frozenset(
    {"None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
"""The transient reasons for which DynamoDB cancels a transaction."""
_BUSY = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""The transient errors, after three attempts by boto3."""


def is_transient(error: "ClientError") -> bool:
    """Whether DynamoDB may accept the same transaction when it is tried again."""
    reasons = error.response.get("CancellationReasons")
    if reasons is None:
        return error.response["Error"]["Code"] in _BUSY
    return {reason.get("Code", "None") for reason in reasons} <= _TRY_AGAIN


def batches(campaigns: Iterable[Campaign]) -> Iterator[list[Campaign]]:
    """The campaigns in as few transactions as possible. Raises ValueError for a campaign that no item can hold."""

    def size(campaign: Campaign) -> int:
        if mistake := too_large(campaign):
            msg = f"{campaign.id}: {mistake}"
            raise ValueError(msg)
        return len(document_of(campaign).encode())

    return batches_within(campaigns, size, MAX_IN_A_WRITE, MAX_BYTES_IN_A_WRITE)
