"""Copies all parameters from Parameter Store to one S3 object, every minute, under an own KMS key."""

from datetime import datetime

from bidder import aws, log
from bidder.aws.parameter_copy import KEY, pack
from bidder.aws.path import under_path
from bidder.service.service import Service
from bidder.settings import InvalidSettings


def copy_parameters(service: Service, now: datetime) -> int:
    """Writes the copy and returns its number of parameters.

    Raises InvalidSettings if no KMS key is set, and the errors of AWS.
    """
    settings = service.settings
    if settings.parameters_key is None:
        msg = "BIDDER_PARAMETERS_KEY is not set: set it to the ARN of the KMS key that encrypts the copy of parameters"
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
