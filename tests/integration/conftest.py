"""Fixtures of a test run: the local AWS, the packaged stack in it, and the package under the real Lambda runtime."""

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator

import pytest

from bidder.campaigns.repository import CampaignRepository
from tests.integration import npm_clients
from tests.integration.drill import Drill, drill
from tests.integration.loop import Loop
from tests.integration.player_page import player_page
from tests.integration.publisher import PublisherPage
from tests.integration.sam_template import Template, translate
from tests.support import prices
from tools import ROOT
from tools.lambda_runtime import Functions, NotOnThisMachine, install_tools, unpack_archive
from tools.local import deploy_package
from tools.ministack import REGION, MiniStack
from tools.package import Package, package
from tools.processes import free_port, local_environment
from tools.template import join_templates, with_code

_ADX = {"encryption": b64encode(prices.ENCRYPTION).decode(), "integrity": b64encode(prices.INTEGRITY).decode()}
PARAMETERS = {
    "snapshot-check-interval": "0.3",
    "parameter-lifetime": "1",
    "price-keys": json.dumps({"adx": _ADX}),
}
"""Parameters of the tests: short intervals, and an exchange that encrypts its prices."""


GROUPS = {"local_aws": "local-aws", "drilled": "drills"}
"""The groups of tests, by the fixture that they share."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Assigns the tests of each local AWS to one worker, so that a parallel run starts and deploys it once."""
    for item in items:
        used = getattr(item, "fixturenames", ())
        for fixture, group in GROUPS.items():
            if fixture in used:
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session", autouse=True)
def no_real_account() -> Iterator[None]:
    """Prevents calls to a real AWS account: a client without an explicit endpoint cannot reach AWS."""
    with pytest.MonkeyPatch.context() as patch:
        everything = local_environment()
        for name in set(os.environ) - set(everything):
            patch.delenv(name)
        patch.setenv("no_proxy", everything["no_proxy"])
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session")
def built_package() -> Package:
    """The package of the current sources."""
    return package()


@pytest.fixture(scope="session")
def sam(built_package: Package) -> Template:
    """The template of the package with its code in S3, as CloudFormation requires."""
    return with_code(json.loads(built_package.template.read_text()), "s3://artifacts/bidder.zip")


@pytest.fixture(scope="session")
def with_snap_start(sam: Template) -> Template:
    """The template as packaged by a Python version whose Lambda runtime supports SnapStart."""
    resources = join_templates(ROOT / ".chalice/resources")
    text = re.sub(r'"Runtime": "python3\.\d+"', '"Runtime": "python3.13"', json.dumps(sam))
    template: Template = json.loads(text)
    template["Parameters"]["SnapStart"] = resources["Parameters"]["SnapStart"]
    api = template["Resources"]["APIHandler"]["Properties"]
    api["SnapStart"] = resources["Resources"]["APIHandler"]["Properties"]["SnapStart"]
    return template


@pytest.fixture(scope="session")
def cloudformation_template(sam: Template) -> Template:
    return translate(sam)


@pytest.fixture(scope="session")
def translated_with_snap_start(with_snap_start: Template) -> Template:
    return translate(with_snap_start)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """A running MiniStack. `.session()` creates boto3 sessions for it."""
    aws = MiniStack(tmp_path_factory.mktemp("aws"), free_port())
    aws.start()
    yield aws
    aws.stop()


@pytest.fixture(scope="session")
def stack(local_aws: MiniStack, built_package: Package) -> dict[str, str]:
    """The environment variables AWS_* and BIDDER_* of the stack that is deployed into the local AWS."""
    variables = deploy_package(local_aws, built_package)
    ssm, path = local_aws.session().client("ssm"), variables["BIDDER_PARAMETERS"]
    for name, value in PARAMETERS.items():
        ssm.put_parameter(Name=f"{path}/{name}", Type="String", Value=value, Overwrite=True)
    return variables


@pytest.fixture(scope="session")
def drilled(built_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """The stack in a local AWS that drills may break. Each drill restores it."""
    with drill(tmp_path_factory.mktemp("drill"), built_package) as result:
        yield result


@pytest.fixture(scope="session")
def runtime(
    stack: dict[str, str], built_package: Package, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Functions]:
    """The package's functions under the real runtime: `runtime.invoke("app.app", event)`. runtime.py has events."""
    try:
        install_tools()
    except NotOnThisMachine as error:
        pytest.skip(str(error))
    with Functions(unpack_archive(built_package.archive), stack, tmp_path_factory.mktemp("runtime")) as functions:
        yield functions


@pytest.fixture
def loop(runtime: Functions, local_aws: MiniStack, stack: dict[str, str]) -> Loop:
    return Loop(runtime, local_aws, stack)


@pytest.fixture(scope="session")
def browser() -> npm_clients.Browser:
    """Headless Chromium with the clients of tests/clients."""
    try:
        return npm_clients.prepared()
    except npm_clients.Unavailable as reason:
        # `.ci/run` sets this variable after it has installed the clients, so that these tests cannot be skipped there.
        if os.environ.get("CLIENTS_REQUIRED"):
            raise
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def repository(local_aws: MiniStack, stack: dict[str, str]) -> CampaignRepository:
    tables = (stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
    return CampaignRepository(local_aws.session().client("dynamodb"), *tables)


@pytest.fixture(scope="session")
def page(
    browser: npm_clients.Browser,
    local_aws: MiniStack,
    stack: dict[str, str],
    repository: CampaignRepository,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PublisherPage]:
    """The publisher's page of the tests of players."""
    with player_page(browser, local_aws, stack, repository, tmp_path_factory) as running:
        yield running
