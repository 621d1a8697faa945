"""AWS clients, made when first needed: importing boto3 costs more than everything else a cold start does.

So what a bid waits for, it reads by a few signed requests of our own (`minimal`).
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["sns"]) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
@overload
def client(service: Literal["ssm"]) -> "SSMClient": ...
@overload
def client(service: Literal["logs"]) -> Any: ...
@cache
def client(service: Any) -> Any:
    """The one client of a service in this process; it fails within seconds rather than hang a handler."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)


CONNECT_SECONDS, READ_SECONDS, ATTEMPTS, LONGEST_PAUSE = 0.5, 1.0, 2, 1.0
"""Of a call by a `short_timeout` client, in seconds; the pause is botocore's standard one."""


@overload
def short_timeout(service: Literal["sns"]) -> "SNSClient": ...
@overload
def short_timeout(service: Literal["sqs"]) -> "SQSClient": ...
@cache
def short_timeout(service: Any) -> Any:
    """A client for what somebody waits for."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return boto3.client(service, config=config)


@overload
def minimal(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def minimal(service: Literal["s3", "s3-parameters"]) -> "S3Client": ...
@overload
def minimal(service: Literal["ssm"]) -> "SSMClient": ...
@cache
def minimal(service: Any) -> Any:
    """A client without boto3 that has one call: S3's `get_object`, SSM's `get_parameters_by_path`, or DynamoDB's
    `batch_get_item`.

    `s3-parameters` is a second S3 client, so that parameters don't wait for a snapshot; it fetches ahead with `ssm`.
    """
    from bidder.aws.direct import Items, Objects, ParameterReader

    if service == "s3-parameters":
        return Objects(minimal("ssm").ahead)  # type: ignore[attr-defined]
    return {"dynamodb": Items, "s3": Objects, "ssm": ParameterReader}[service]()
