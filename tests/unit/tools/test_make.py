"""The pure functions of the programs that make runs."""

from pathlib import Path, PurePosixPath

import pytest

from tools.deploy import environment
from tools.locks import LockHeld, lock
from tools.serve import Sources
from tools.slim import is_deployed
from tools.template import DuplicateEntry, join_templates, with_code


def test_outputs_become_the_variables_of_the_same_name() -> None:
    outputs = {"BidderLedgerTable": "t", "BidderMediaUrl": "u", "EndpointURL": "not ours", "RestAPIId": "nor this"}
    assert environment(outputs) == {"BIDDER_LEDGER_TABLE": "t", "BIDDER_MEDIA_URL": "u"}


def test_template_parts_are_joined_by_section(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Resources:\n  A: {Type: X}\n")
    (tmp_path / "b.yaml").write_text("Resources:\n  B: {Of: !GetAtt A.Arn, In: !Sub '${A}/x'}\nOutputs:\n  C: !Ref A\n")
    assert join_templates(tmp_path) == {
        "Resources": {
            "A": {"Type": "X"},
            "B": {"Of": {"Fn::GetAtt": ["A", "Arn"]}, "In": {"Fn::Sub": "${A}/x"}},
        },
        "Outputs": {"C": {"Ref": "A"}},
    }


def test_an_entry_in_two_files_is_refused_with_its_name(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("Resources:\n  Twice: {Type: X}\n")
    with pytest.raises(DuplicateEntry, match="Twice"):
        join_templates(tmp_path)


def test_only_functions_get_code() -> None:
    function, queue = {"Type": "AWS::Serverless::Function", "Properties": {"Handler": "h"}}, {"Type": "AWS::SQS::Queue"}
    template = with_code({"Resources": {"F": function, "Q": queue}}, "s3://b/k")
    assert template["Resources"]["F"]["Properties"] == {"Handler": "h", "CodeUri": "s3://b/k"}
    assert template["Resources"]["Q"] == queue
    assert "CodeUri" not in function["Properties"]


@pytest.mark.parametrize(
    ("path", "deployed"),
    [
        ("app.py", True),
        ("bidder/money.py", True),
        ("chalice/app.py", True),
        ("pydantic_core-2.46.5.dist-info/METADATA", True),
        ("pydantic_core/_pydantic_core.cpython-311-x86_64-linux-gnu.so", True),
        ("pydantic_core-2.46.5.dist-info/RECORD", False),
        ("pydantic-2.13.5.dist-info/METADATA", False),
        ("pydantic/main.py", False),
        ("typing_extensions.py", False),
        ("boto3-1.43.106.dist-info/METADATA", False),
        ("python_dateutil-2.9.0.post0.dist-info/METADATA", False),
        ("botocore/data/endpoints.json", False),
        ("six.py", False),
        ("bidder/__pycache__/money.cpython-311.pyc", False),
        ("pydantic_core/_pydantic_core.pyi", False),
        ("jmespath-1.1.0.data/scripts/jp.py", False),
    ],
)
def test_the_parameters_of_a_deployment(path: str, deployed: bool) -> None:
    assert is_deployed(PurePosixPath(path)) is deployed


def test_the_local_server_watches_only_sources(tmp_path: Path) -> None:
    for name in ("app.py", "bidder/a.py", "bidder/room/b.py", "bidder/.a.py.swp", ".venv/c.py", ".local/d.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    observed = {
        str(Path(folder, name).relative_to(tmp_path))
        for folder, _, names in Sources().walk(str(tmp_path))
        for name in names
    }
    assert observed == {"app.py", "bidder/a.py", "bidder/room/b.py"}
    assert Sources().mtime(str(tmp_path / "gone.py")) == 0


def test_a_lock_is_held_once_and_then_free(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    with lock(path, wait=False), pytest.raises(LockHeld), lock(path, wait=False):
        pytest.fail("held twice")
    with lock(path, wait=False):
        assert path.exists()
