"""The bucket from which CloudFormation takes the package."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = "404"


class ForeignBucket(RuntimeError):
    """The bucket's name belongs to another account; the message says what to do."""


@dataclass(frozen=True)
class Artifacts:
    """A bucket of `account`. Every call names the owner, so that S3 refuses a bucket that somebody else has made."""

    s3: "S3Client"
    bucket: str
    account: str

    def upload(self, content: bytes, stack: str, suffix: str) -> str:
        """The key of the content, which names it. The content is only sent where the bucket lacks it."""
        key = f"{stack}/{sha256(content).hexdigest()[:32]}{suffix}"
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account)
        except self.s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != _ABSENT:
                raise
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ExpectedBucketOwner=self.account)
        return key

    def url(self, key: str) -> str:
        """The address by which CloudFormation reads a template, in any partition."""
        return f"{self.s3.meta.endpoint_url}/{self.bucket}/{key}"


def artifacts(session: boto3.Session, bucket: str | None = None) -> Artifacts:
    """The bucket of the session's account, made if it is missing. Raises ForeignBucket and botocore's errors."""
    s3: S3Client = session.client("s3")
    region, account = session.region_name, session.client("sts").get_caller_identity()["Account"]
    name = bucket or f"bidder-artifacts-{account}-{region}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != _ABSENT:
            raise _foreign(name, account, error) from error
        _create(s3, name, account, region)
    return Artifacts(s3, name, account)


def _create(s3: "S3Client", name: str, account: str, region: str) -> None:
    # us-east-1 is the one region that S3 wants unsaid.
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **where)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return  # another deployment was quicker
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyExists":
            raise
        raise _foreign(name, account, error) from error
    s3.put_public_access_block(
        Bucket=name,
        ExpectedBucketOwner=account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )


def _foreign(name: str, account: str, error: Exception) -> ForeignBucket:
    return ForeignBucket(
        f"Bucket {name} can't be used: {error}. Either it belongs to another account than {account}, or you may not "
        "read it. Nothing is uploaded. Name a bucket of yours: make deploy BUCKET=name"
    )
