"""Host names equal those of botocore, in every region that it lists and in future regions."""

import itertools

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointResolutionError

from bidder.aws.hosts import NoSuchEndpoint, host, service_url

SESSION = botocore.session.get_session()
LOADER = SESSION.get_component("data_loader")
SERVICES = ("s3", "ssm", "dynamodb")
FLAGS = tuple(itertools.product((False, True), repeat=2))
OF_A_BUCKET = {
    "Bucket": "bucket",
    "ForcePathStyle": False,
    "Accelerate": False,
    "DisableMultiRegionAccessPoints": False,
    "UseArnRegion": False,
}
REGIONS = [
    *(
        region
        for partition in SESSION.get_available_partitions()
        for region in SESSION.get_available_regions("s3", partition)
    ),
    # a future region
    "eu-west-9",
    "cn-south-1",
    "us-gov-west-2",
    "us-iso-south-1",
    "us-isob-south-1",
    "us-isof-east-2",
    "eu-isoe-west-2",
    "eusc-de-west-1",
]


@pytest.fixture(scope="module", params=SERVICES)
def rules(request: pytest.FixtureRequest) -> tuple[str, EndpointProvider]:
    model = LOADER.load_service_model(request.param, "endpoint-rule-set-1")
    return request.param, EndpointProvider(model, LOADER.load_data("partitions"))


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def test_every_partition_is_among_the_regions() -> None:
    assert {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"} <= set(
        SESSION.get_available_partitions()
    )
    assert len(REGIONS) > 45


@pytest.mark.parametrize("region", REGIONS)
def test_a_host_name_equals_that_of_botocore(rules: tuple[str, EndpointProvider], region: str) -> None:
    service, provider = rules
    for fips, dual_stack in FLAGS:
        more = OF_A_BUCKET if service == "s3" else {}
        try:
            botocore_url = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack, **more).url
        except EndpointResolutionError:
            with pytest.raises(NoSuchEndpoint, match=region):
                host(service, region, fips=fips, dual_stack=dual_stack)
            continue
        bucket = "bucket." if service == "s3" else ""

        assert f"https://{bucket}{host(service, region, fips=fips, dual_stack=dual_stack)}" == botocore_url


def test_environment_variables_select_fips_and_dual_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert service_url("s3", "us-gov-west-1", "b") == "https://b.s3-fips.us-gov-west-1.amazonaws.com"
    assert service_url("s3", "us-east-1", "a.b") == "https://s3-fips.us-east-1.amazonaws.com/a.b"
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "TRUE")
    assert service_url("ssm", "eu-west-1") == "https://ssm-fips.eu-west-1.api.aws"
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "false")
    assert service_url("dynamodb", "eu-west-1") == "https://dynamodb.eu-west-1.api.aws"


def test_an_endpoint_in_the_environment_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all.example:4566/")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3.example")
    assert service_url("ssm", "us-east-1") == "http://all.example:4566"
    assert service_url("s3", "us-east-1", "bucket") == "http://s3.example/bucket"

    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert service_url("s3", "us-east-1", "bucket") == "https://bucket.s3.us-east-1.amazonaws.com"
