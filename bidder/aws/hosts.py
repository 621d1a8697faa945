"""The hosts of AWS services by region, in every AWS partition, with FIPS and dual-stack endpoints."""

import os

_PARTITIONS = (
    # prefix of the region, domain, domain of dual-stack endpoints; longer prefixes come first
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("", "amazonaws.com", "api.aws"),
)
_GOV_CLOUD = "us-gov-"


class NoSuchEndpoint(LookupError):
    """AWS has no such endpoint; the message says what to change."""


def host(service: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> str:
    """The host of `s3`, `ssm` or `dynamodb` in a region, as botocore's endpoint rules have it.

    Raises NoSuchEndpoint.
    """
    domain, dual_stack_domain = next(rest for prefix, *rest in _PARTITIONS if region.startswith(prefix))
    if service == "s3":
        if fips and region.startswith("cn-"):
            msg = f"S3 has no FIPS endpoint in {region}: unset AWS_USE_FIPS_ENDPOINT"
            raise NoSuchEndpoint(msg)
        return f"s3{'-fips' * fips}.{'dualstack.' * dual_stack}{region}.{domain}"
    if dual_stack:
        return f"{service}{'-fips' * fips}.{region}.{dual_stack_domain}"
    # GovCloud's plain endpoints of these services are FIPS endpoints.
    return f"{service}{'-fips' * (fips and not region.startswith(_GOV_CLOUD))}.{region}.{domain}"


def service_url(service: str, region: str, bucket: str | None = None) -> str:
    """The URL of a service or, for `s3`, of a bucket: the configured one, else AWS's own.

    In a configured URL the bucket is the first part of the path, which every S3 implementation accepts. In AWS's URL it
    is part of the host. A bucket with a dot in its name stands in the path, since its host would not match the TLS
    certificate. Raises NoSuchEndpoint.
    """
    if own := configured_url(service):
        return own.rstrip("/") + (f"/{bucket}" if bucket else "")
    name = host(service, region, fips=_is_on("AWS_USE_FIPS_ENDPOINT"), dual_stack=_is_on("AWS_USE_DUALSTACK_ENDPOINT"))
    if bucket is None:
        return f"https://{name}"
    return f"https://{name}/{bucket}" if "." in bucket else f"https://{bucket}.{name}"


def configured_url(service: str) -> str | None:
    """The URL of a service that an environment variable of AWS sets, for this service or for all; None if none does."""
    if _is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL") or None


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() == "true"
