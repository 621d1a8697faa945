"""Reads whole objects from S3, also if the connection fails while a body arrives.

The retries of boto3's clients end with the headers of an answer: a failure while its body is read is the caller's.
"""

import time
from typing import TYPE_CHECKING, Any

from bidder.aws import retry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client


def read_object(
    s3: "S3Client",
    *,
    pause: "Callable[[float], object]" = time.sleep,
    draw: "Callable[[], float]" = retry.draw,
    **request: Any,
) -> "tuple[bytes, Mapping[str, Any]]":
    """The body of an object, and the answer with its ETag and its time. `request` has the arguments of GetObject.

    If the body ends early, or no byte of it arrives for the read timeout of the client, the object is requested again:
    three times in all, after the pauses of `bidder.aws.retry`. Raises the errors of S3.
    """
    pauses = retry.pauses(draw)
    for _ in range(retry.MAX_ATTEMPTS - 1):
        answer = s3.get_object(**request)
        try:
            return answer["Body"].read(), answer
        except Exception as error:
            if not _is_connection_failure(error):
                raise
        pause(next(pauses))
    answer = s3.get_object(**request)
    return answer["Body"].read(), answer


def _is_connection_failure(error: Exception) -> bool:
    # imported here, since the clients of a bid read a body before they return, with retries of their own
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    return isinstance(error, OSError | BotoCoreError | HTTPError)
