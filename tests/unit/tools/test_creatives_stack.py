"""The templates of creatives and of the worker: valid, complete for each feature, with minimal roles."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tools import ROOT
from tools.creatives_stack import CREATIVES_PARAMETERS, TEMPLATE, layer, zip_functions
from tools.package import Package, own_architecture
from tools.template import load_template

FEATURES = ("Transcode", "Thumbnails", "Metadata")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load_template(TEMPLATE)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["container.yaml", "creatives.yaml", "worker.yaml"])
def test_cfn_lint_accepts_the_templates(name: str) -> None:
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    process = subprocess.run([cfn_lint, ROOT / "deploy" / name], capture_output=True, text=True, check=False)  # noqa: S603
    assert process.returncode == 0, process.stdout


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_has_a_queue_a_dead_letter_queue_an_alarm_and_a_role(
    feature: str, template: dict[str, Any]
) -> None:
    resources = template["Resources"]
    queue, function = resources[f"{feature}Queue"]["Properties"], resources[feature]["Properties"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{feature}DeadLetterQueue", "Arn"]}
    assert queue["VisibilityTimeout"] == 6 * function["Timeout"]
    assert resources[f"{feature}DeadLetters"]["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert function["Events"]["Uploads"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumConcurrency" in function["Events"]["Uploads"]["Properties"]["ScalingConfig"]
    assert function["Role"] == {"Fn::GetAtt": [f"{feature}Role", "Arn"]}


@pytest.mark.parametrize("feature", FEATURES)
def test_roles_that_run_ffmpeg_only_read_uploads_and_write_renditions(feature: str, template: dict[str, Any]) -> None:
    [policy] = template["Resources"][f"{feature}Role"]["Properties"]["Policies"]
    objects = {
        action: str(statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("s3:") and "Object" in action
    }
    assert "/uploads/*" in objects.pop("s3:GetObject")
    if feature != "Metadata":
        assert "/renditions/*" in objects.pop("s3:PutObject")
    assert objects == {}


def test_the_parameters_of_make_deploy_are_those_of_the_template(template: dict[str, Any]) -> None:
    assert template["Parameters"].keys() >= CREATIVES_PARAMETERS


@pytest.mark.slow
def test_the_layer_has_an_executable_ffmpeg() -> None:
    with ZipFile(BytesIO(layer(own_architecture()))) as archive:
        assert archive.getinfo("bin/ffmpeg").external_attr >> 16 & 0o111
        assert b"GPL" in archive.read("NOTICE")


@pytest.mark.slow
def test_the_package_has_the_modules_of_bidder_and_workers(tmp_path: Path) -> None:
    (tmp_path / "template.json").touch()
    with ZipFile(tmp_path / "bidder.zip", "w") as archive:
        for name in ("app.py", "bidder/__init__.py", "pydantic/__init__.py"):
            archive.writestr(name, "")

    first, second = zip_functions(Package(tmp_path)), zip_functions(Package(tmp_path))

    names = ZipFile(BytesIO(first)).namelist()
    assert first == second
    assert "app.py" not in names
    assert {"bidder/__init__.py", "pydantic/__init__.py", "workers/transcode/function.py"} <= set(names)
