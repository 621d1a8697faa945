"""The dated table of prices, `prices.json`: dollars for a unit, by region and service.

A list of pairs is a price in tiers. A pair has the units a month of the tier, None for all further units, and the price
of one unit.
"""

from difflib import get_close_matches
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bidder.errors import UserError

Tiers = list[tuple[float | None, Annotated[float, Field(ge=0)]]]


class UnknownRegion(UserError, ValueError):
    """The table has no prices of this region."""


class _Prices(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LoadBalancer(_Prices):
    """An Application Load Balancer: an hour of it, and an hour of a load balancer capacity unit."""

    hour: float
    lcu_hour: float


class LambdaPrices(_Prices):
    """Lambda: an invocation, and gigabyte-seconds by processor."""

    request: float
    x86_64: Tiers
    arm64: Tiers


class ProcessorPrices(_Prices):
    """Fargate on one kind of processor."""

    vcpu_hour: float
    gb_hour: float


class FargatePrices(_Prices):
    """Fargate by processor."""

    x86_64: ProcessorPrices
    arm64: ProcessorPrices


class SnsPrices(_Prices):
    """SNS: a publish of up to 64 KB, a batch of ten messages included. Deliveries to SQS are free."""

    publish: float


class DynamoDbPrices(_Prices):
    """DynamoDB on demand: a write unit (1 KB; two in a transaction), a read unit (4 KB; half if eventual), storage."""

    write_unit: float
    read_unit: float
    gb_month: float


class S3Prices(_Prices):
    """S3 Standard: a PUT, a GET, and storage."""

    put: float
    get: float
    gb_month: float


class CloudWatchPrices(_Prices):
    """CloudWatch: gigabytes of Lambda's logs, and a custom metric."""

    log_gb: Tiers
    metric_month: float


class XrayPrices(_Prices):
    """X-Ray: a trace that is recorded."""

    trace: float


class Prices(_Prices):
    """The prices of one region."""

    rest_api: Tiers
    http_api: Tiers
    load_balancer: LoadBalancer
    lambda_: Annotated[LambdaPrices, Field(alias="lambda")]
    fargate: FargatePrices
    sns: SnsPrices
    sqs: Tiers
    dynamodb: DynamoDbPrices
    s3: S3Prices
    cloudwatch: CloudWatchPrices
    xray: XrayPrices
    data_transfer: Tiers


class PriceSource(_Prices):
    """The page of a service's prices, and by region the source and the date of the comparison of its prices.

    The prices of a region without an entry were not compared.
    """

    page: str
    checked: dict[str, str]


class PriceTable(_Prices):
    """The whole table. A region may name another that has the same prices."""

    date: str
    currency: str
    note: str
    sources: dict[str, PriceSource]
    regions: dict[str, Prices | str]

    def of(self, region: str) -> Prices:
        """The prices of a region. Raises UnknownRegion."""
        prices = self.regions.get(region)
        if isinstance(prices, str):
            return self.of(prices)
        if prices is None:
            known = ", ".join(sorted(self.regions))
            nearest = get_close_matches(region.strip().lower(), self.regions, 1, 0.9)
            hint = f". Did you mean {nearest[0]}?" if nearest else "; for another region, add its prices to prices.json"
            msg = f"no prices of the region {region!r}; the table of {self.date} has {known}{hint}"
            raise UnknownRegion(msg)
        return prices


def price_table() -> PriceTable:
    """The table that comes with the bidder."""
    return PriceTable.model_validate_json(files(__package__).joinpath("prices.json").read_text())


def price_by_tiers(units: float, tiers: Tiers) -> float:
    """The dollars for so many units a month."""
    dollars = 0.0
    for size, price in tiers:
        part = units if size is None else min(units, size)
        dollars += part * price
        units -= part
    return dollars
