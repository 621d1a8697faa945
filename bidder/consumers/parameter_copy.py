"""Every minute: copies all parameters from Parameter Store to one object in S3, encrypted with a key of its own."""

from datetime import datetime

from bidder import aws, log
from bidder.aws.parameter_copy import KEY, pack
from bidder.aws.path import under_path
from bidder.service.service import Service
from bidder.settings import InvalidSettings


def copy_parameters(service: Service, now: datetime) -> int:
    """Writes the copy and returns how many parameters it has. AWS's own errors pass through.

    Raises InvalidSettings where there is no key to encrypt it with.
    """
    settings = service.settings
    if settings.parameters_key is None:
        msg = "BIDDER_PARAMETERS_KEY is not set: secrets are not copied without a key of their own"
        raise InvalidSettings(msg)
    values = under_path(aws.client("ssm"), settings.parameters, secrets=True)
    aws.client("s3").put_object(
        Bucket=settings.snapshot_bucket,
        Key=KEY,
        Body=pack(values, settings.parameters, now),
        ContentType="application/json",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=settings.parameters_key,
        BucketKeyEnabled=True,
    )
    log.event("parameters.copied", parameters=len(values))
    return len(values)
