"""The deployment pipeline: its stages, the commands of its builds, and GitHub's workflows."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cloudformation import Stack
from tools import ROOT
from tools.template import load_template

SOURCES = {"codestar": "CodeStarSourceConnection", "codecommit": "CodeCommit", "s3": "S3"}
BUILDSPECS = ("buildspec.yml", "deploy/buildspec-deploy.yml", "deploy/buildspec-verify.yml")
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
BASE = {"Repository": "owner/name", "CloudFormationRole": "arn:role", "DeployPolicy": "arn:policy"}


def pipeline(**parameters: str) -> Stack:
    path = ROOT / "deploy/pipeline.yaml"
    return Stack(load_template(path), "ship", BASE | parameters)


def stages(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    (result,) = stack.resources("AWS::CodePipeline::Pipeline").values()
    return {stage["Name"]: stage["Actions"] for stage in result["Stages"]}


def commands(path: str) -> list[str]:
    spec = yaml.safe_load((ROOT / path).read_text())
    return [command for phase in spec["phases"].values() for command in phase.get("commands", [])]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def executable(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def run(*command: str) -> None:
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own files
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.slow
def test_cfn_lint_finds_no_fault_in_the_other_templates() -> None:
    run(executable("cfn-lint"), *map(str, sorted((ROOT / "deploy").glob("*.yaml"))))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("approval", ["manual", "automatic"])
def test_a_commit_passes_staging_before_production(source: str, approval: str) -> None:
    result = stages(pipeline(Source=source, Approval=approval))
    approvals = ["Approval"] if approval == "manual" else []
    assert list(result) == ["Source", "Build", "Staging", *approvals, "Production"]
    assert [action["ActionTypeId"]["Provider"] for action in result["Source"]] == [SOURCES[source]]
    assert [(action["Name"], action["RunOrder"]) for action in result["Staging"]] == [
        ("Deploy", 1),
        ("SmokeAndLoad", 2),
    ]
    for action in (*result["Staging"], *result["Production"]):
        assert action["InputArtifacts"] == [{"Name": "Package"}], "what was tested is what is deployed"


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_starts_the_pipeline_once(source: str) -> None:
    stack = pipeline(Source=source)
    (commit,) = stages(stack)["Source"]
    rules = stack.resources("AWS::Events::Rule")
    by_itself = commit["Configuration"].get("DetectChanges") == "true"
    assert len(rules) + by_itself == 1
    for rule in rules.values():
        assert rule["EventPattern"]["source"] == [f"aws.{source}"]


def test_the_pipeline_sets_each_variable_of_a_buildspec() -> None:
    stack = pipeline()
    projects = stack.resources("AWS::CodeBuild::Project")
    specs = {f"ship-{name}": project["Source"]["BuildSpec"] for name, project in projects.items()}
    assert set(specs.values()) == set(BUILDSPECS)
    inputs: dict[str, set[str]] = {spec: set() for spec in BUILDSPECS}
    for actions in stages(stack).values():
        for action in actions:
            if action["ActionTypeId"]["Provider"] != "CodeBuild":
                continue
            spec = specs[action["Configuration"]["ProjectName"]]
            names = {each["name"] for each in json.loads(action["Configuration"].get("EnvironmentVariables", "[]"))}
            inputs[spec] = inputs[spec] & names if inputs[spec] else names
    for project in projects.values():
        named = {each["Name"] for each in project["Environment"].get("EnvironmentVariables", [])}
        inputs[project["Source"]["BuildSpec"]] |= named
    for spec in BUILDSPECS:
        used = set(re.findall(r"\$\{?([A-Z_]+)", "\n".join(commands(spec))))
        optional = {"CAMPAIGNS"}  # only staging imports the sample campaigns
        assert used - optional <= inputs[spec], spec


def test_the_build_runs_the_make_targets_of_developers() -> None:
    assert commands("buildspec.yml") == ["make check", "make security", "make docs", "make test", "make package"]
    readme = (ROOT / "README.md").read_text()
    assert re.search(r"^make test +# .*, as CI does$", readme, re.MULTILINE)


def test_staging_gets_the_smoke_suite_and_the_load_test() -> None:
    smoke, load = commands("deploy/buildspec-verify.yml")
    assert smoke.startswith("make smoke URL=")
    assert load.startswith("make loadtest HOST=")
    assert pipeline().value({"Ref": "SecondsOfLoad"}) == "60"


@pytest.mark.parametrize("spec", BUILDSPECS)
def test_the_commands_of_a_buildspec_exist(spec: str) -> None:
    called = re.findall(r"make (?:--\S+ )?([a-z-]+)", "\n".join(commands(spec)))
    assert called
    assert set(called) <= targets()


def test_workflows_run_the_same_commands() -> None:
    text = "\n".join(path.read_text() for path in WORKFLOWS)
    for command in (*commands("buildspec.yml"), "make smoke", "make loadtest", "PACKAGED=yes"):
        assert command in text
    assert set(re.findall(r"\bmake (?:--\S+ )?([a-z-]+)", re.sub("#.*", "", text))) <= targets()


def test_actions_are_pinned_by_commit_and_tokens_have_minimal_permissions() -> None:
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {}, path
        for job in workflow["jobs"].values():
            assert set(job["permissions"].items()) <= {("contents", "read"), ("id-token", "write")}
            for used in (job.get("uses"), *(step.get("uses") for step in job.get("steps", []))):
                assert used is None or used.startswith("$/") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), used
    check = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text())
    assert "id-token" not in json.dumps(check), "a change by anyone becomes no role"


def test_only_environments_of_the_repository_can_assume_roles() -> None:
    path = ROOT / "deploy/roles.yaml"
    template = load_template(path)
    roles = Stack(template, "roles", {"GitHubRepository": "owner/name"}).resources("AWS::IAM::Role")
    subjects = {
        statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        for role in roles.values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    }
    assert subjects == {f"repo:owner/name:environment:{name}" for name in ("staging", "production")}
    without = Stack(template, "roles").resources("AWS::IAM::Role")
    assert without.keys() == {"CloudFormationRole"}


@pytest.mark.slow
def test_zizmor_finds_no_fault_in_the_workflows() -> None:
    run(executable("zizmor"), "--offline", "--quiet", "--persona", "pedantic", str(ROOT / ".github/workflows"))


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_are_valid_by_their_schema(schema: str) -> None:
    run(executable("check-jsonschema"), "--builtin-schema", schema, *map(str, WORKFLOWS))
