"""The S3 bucket from which CloudFormation reads the package."""

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import boto3

from bidder.aws.s3_errors import is_absent

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ForeignBucket(RuntimeError):
    """The bucket belongs to another account. The message says what to do."""


@dataclass(frozen=True)
class Artifacts:
    """A bucket of `account`. Every call states the owner, so that S3 refuses a bucket of another account."""

    s3: "S3Client"
    bucket: str
    account: str

    def upload(self, content: bytes, stack: str, suffix: str) -> str:
        """Uploads the content unless the bucket has it. Returns the key, which is the hash of the content."""
        key = f"{stack}/{sha256(content).hexdigest()[:32]}{suffix}"
        try:
            self.s3.head_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account)
        except self.s3.exceptions.ClientError as error:
            if not is_absent(error):
                raise
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ExpectedBucketOwner=self.account)
        return key

    def url(self, key: str) -> str:
        """The URL at which CloudFormation reads a template, in any partition of AWS."""
        return f"{self.s3.meta.endpoint_url}/{self.bucket}/{key}"


def artifacts(session: boto3.Session, bucket: str | None = None) -> Artifacts:
    """The bucket of the session's account, created if it is missing. Raises ForeignBucket and botocore's errors."""
    s3: S3Client = session.client("s3")
    region, account = session.region_name, session.client("sts").get_caller_identity()["Account"]
    name = bucket or f"bidder-artifacts-{account}-{region}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except s3.exceptions.ClientError as error:
        if not is_absent(error):
            raise _foreign(name, account, error) from error
        _create(s3, name, account, region)
    return Artifacts(s3, name, account)


def _create(s3: "S3Client", name: str, account: str, region: str) -> None:
    # us-east-1 is the only region that must not be stated
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **where)
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return  # another deployment has created the bucket meanwhile
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
