"""The errors by which S3 says that an object or a bucket does not exist."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


def is_absent(error: "ClientError") -> bool:
    """Whether the object or the bucket of a call does not exist.

    Answers to HEAD have no body, so their code is the status. GetObject answers `NoSuchKey`,
    and imitations of S3 `NotFound`.
    """
    return error.response["Error"]["Code"] in _ABSENT
