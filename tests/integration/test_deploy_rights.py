"""`make deploy`, and an import of campaigns into staging, with only the permissions of deploy/roles.yaml."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.integration.policy_calls import ACCOUNT
from tests.integration.policy_judge import Judge
from tests.integration.policy_proxy import policy_proxy
from tests.support.cloudformation import Stack
from tools import ROOT
from tools.creatives_stack import deploy_creatives
from tools.deploy import deploy, environment, have_resources_made_by
from tools.ministack import MiniStack, _LocalSession
from tools.package import Package
from tools.processes import local_environment
from tools.template import load_template

STAGING = "bidder-staging"
SIGNER = "test"
"""The access key of sessions of the local AWS, which is also the name of the role."""
MAKER = f"arn:aws:iam::{ACCOUNT}:role/makes"


@pytest.fixture
def deployer(local_aws: MiniStack, stack: dict[str, str]) -> Judge:
    """A policy judge with a role that has the deployment policy."""
    assert stack
    path = ROOT / "deploy/roles.yaml"
    template = load_template(path)
    policy = template["Resources"]["DeployPolicy"]["Properties"]["PolicyDocument"]
    document = json.dumps(Stack(template, "roles", account=ACCOUNT).value(policy))
    document = document.replace("roles-CloudFormationRole.Arn", MAKER)
    iam = local_aws.session().client("iam")
    iam.create_role(RoleName=SIGNER, AssumeRolePolicyDocument="{}")
    iam.put_role_policy(RoleName=SIGNER, PolicyName="deploy", PolicyDocument=document)
    return Judge(local_aws.session())


@pytest.fixture(autouse=True)
def _gone_afterwards(local_aws: MiniStack) -> Iterator[None]:
    """Deletes the stacks of the test, which would otherwise refresh every minute."""
    yield
    cloudformation = local_aws.session().client("cloudformation")
    for name in (f"{STAGING}-creatives", STAGING):
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=name)


def deployed(session: boto3.Session, built_package: Package) -> dict[str, str]:
    outputs = deploy(session, built_package, STAGING, {})
    return outputs | deploy_creatives(session, built_package, STAGING, outputs, {}, with_layer=False)


def test_the_deployment_policy_has_every_permission_that_a_deployment_needs(
    deployer: Judge, local_aws: MiniStack, built_package: Package
) -> None:
    with policy_proxy(local_aws.port, deployer) as (url, record):
        session: Any = _LocalSession(url)
        have_resources_made_by(session, MAKER)
        outputs = deployed(session, built_package)
        variables = environment(outputs) | {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": SIGNER,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "BIDDER_ENV": "/dev/null",
        }
        command = [sys.executable, "-m", "bidder", "campaigns", "import", "samples/campaigns.yaml"]
        process = subprocess.run(  # noqa: S603  our own command
            command, cwd=ROOT, env=local_environment() | variables, capture_output=True, text=True, check=False
        )
    assert record.denied[SIGNER] == set(), "denied"
    assert process.returncode == 0, process.stdout + process.stderr
    actions = {call.action for call in record.permitted[SIGNER]}
    assert {"iam:PassRole", "cloudformation:ExecuteChangeSet", "s3:PutObject", "ssm:PutParameter"} <= actions
    assert {"dynamodb:PutItem", "sns:Publish"} <= actions, "the import"
