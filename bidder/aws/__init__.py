"""AWS clients, each made at its first use.

Importing boto3 takes longer than all other work of a cold start. So a bid uses the clients of `minimal` instead, which
sign and send a few kinds of requests themselves.
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
    """The process's boto3 client of a service. Short time-outs keep a slow AWS service from blocking a handler."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)


CONNECT_SECONDS, READ_SECONDS, ATTEMPTS, LONGEST_PAUSE = 0.5, 1.0, 2, 1.0
"""The limits of a call by a `short_timeout` client: seconds to connect and to read, attempts, and the longest pause."""


@overload
def short_timeout(service: Literal["sns"]) -> "SNSClient": ...
@overload
def short_timeout(service: Literal["sqs"]) -> "SQSClient": ...
@cache
def short_timeout(service: Any) -> Any:
    """A boto3 client for calls during an HTTP request, whose sender waits."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=retries)
    return boto3.client(service, config=config)


@overload
def long_timeout(service: Literal["sns"]) -> "SNSClient": ...
@overload
def long_timeout(service: Literal["sqs"]) -> "SQSClient": ...
def long_timeout(service: Any) -> Any:
    """A boto3 client for calls whose caller limits their time itself (`bidder.side_by_side`)."""
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(connect_timeout=60, read_timeout=60, retries={"total_max_attempts": 1}))


@overload
def minimal(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def minimal(service: Literal["s3", "s3-parameters"]) -> "S3Client": ...
@overload
def minimal(service: Literal["ssm"]) -> "SSMClient": ...
@cache
def minimal(service: Any) -> Any:
    """A client without boto3 that has one method, named as in boto3.

    It is `get_object` of S3, `get_parameters_by_path` of SSM, or `batch_get_item` of DynamoDB. `s3-parameters` is a
    second S3 client, so that reading parameters does not wait for a snapshot; it shares the prefetch of `ssm`.
    """
    from bidder.aws.direct import Items, Objects, ParameterReader

    if service == "s3-parameters":
        return Objects(minimal("ssm").prefetch)  # type: ignore[attr-defined]
    return {"dynamodb": Items, "s3": Objects, "ssm": ParameterReader}[service]()
