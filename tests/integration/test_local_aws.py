"""The local AWS persists its state, recognises its own process, and runs the deployed functions."""

import io
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psutil
import pytest

from bidder.snapshot.keys import POINTER
from tests.integration.polling import poll
from tests.integration.runtime import api_event
from tools.lambda_runtime import Functions
from tools.ministack import MiniStack
from tools.processes import free_port, is_taken


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[MiniStack]:
    aws = MiniStack(tmp_path, free_port(), save_seconds=0.2)
    aws.start()
    yield aws
    aws.stop()


def put_object(aws: MiniStack) -> None:
    aws.session().client("ssm").put_parameter(Name="/kept", Value="yes", Type="String")


def names(aws: MiniStack) -> list[str]:
    results = aws.session().client("ssm").get_parameters_by_path(Path="/")
    return [parameter["Name"] for parameter in results["Parameters"]]


def test_state_survives_a_regular_stop(aws: MiniStack) -> None:
    put_object(aws)
    aws.stop()
    assert not is_taken(aws.port)
    aws.start()
    assert names(aws) == ["/kept"]


def test_queues_are_found_after_a_start_on_another_port(aws: MiniStack) -> None:
    sqs = aws.session().client("sqs")
    sqs.send_message(QueueUrl=sqs.create_queue(QueueName="kept")["QueueUrl"], MessageBody="yes")
    aws.stop()
    moved = replace(aws, port=free_port())
    moved.start()
    sqs = moved.session().client("sqs")
    url = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    assert f":{moved.port}/" in url
    assert [message["Body"] for message in sqs.receive_message(QueueUrl=url)["Messages"]] == ["yes"]


def kill(aws: MiniStack) -> None:
    pid = aws.pid()
    assert pid is not None
    psutil.Process(pid).kill()
    poll(lambda: aws.pid() is None)


def test_saved_state_survives_a_kill(aws: MiniStack) -> None:
    put_object(aws)
    changed_at = time.time()
    poll(lambda: (aws.saved_at() or 0) > changed_at + 1)
    kill(aws)
    assert not aws.ended_well()
    aws.start()
    assert names(aws) == ["/kept"]


def test_a_kill_before_the_first_save_leaves_the_state_of_the_previous_run(aws: MiniStack) -> None:
    put_object(aws)
    aws.stop()
    slow = replace(aws, save_seconds=600)
    slow.start()
    kill(slow)
    slow.start()
    assert names(slow) == ["/kept"]


def test_a_process_with_a_reused_pid_is_not_treated_as_the_local_aws(aws: MiniStack) -> None:
    note = aws.folder / "ministack.json"
    own_note = note.read_text()
    note.write_text(json.dumps(json.loads(own_note) | {"pid": os.getpid()}))
    assert aws.pid() is None
    note.write_text(own_note)
    assert aws.pid() is not None


def run_function(aws: MiniStack) -> None:
    package = io.BytesIO()
    with ZipFile(package, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): return 1")
    functions: Any = aws.session().client("lambda")  # `Any`, because the stubs list the versions of `Runtime`
    functions.create_function(
        FunctionName="kept",
        Runtime=f"python3.{sys.version_info.minor}",
        Role="arn:aws:iam::000000000000:role/kept",
        Handler="main.handler",
        Code={"ZipFile": package.getvalue()},
    )
    assert functions.invoke(FunctionName="kept")["Payload"].read() == b"1"


@pytest.mark.parametrize("end", [MiniStack.stop, kill])
def test_unpacked_functions_do_not_stay_on_the_disk(aws: MiniStack, end: Callable[[MiniStack], None]) -> None:
    run_function(aws)
    (unpacked,) = aws.temporary.glob("ministack-lambda-kept-*")
    end(aws)
    aws.start()
    assert not unpacked.exists()
    aws.stop()
    assert not aws.temporary.exists()


@pytest.fixture(scope="module")
def publish_snapshot(local_aws: MiniStack, stack: dict[str, str]) -> None:
    """Publishes a first snapshot by a notification without subject and attributes, like those of the schedule."""
    session = local_aws.session()
    session.client("sns").publish(TopicArn=stack["BIDDER_REFRESH_TOPIC"], Message="{}")
    pointer: dict[str, Any] = {"Bucket": stack["BIDDER_SNAPSHOT_BUCKET"], "Prefix": POINTER}
    poll(lambda: session.client("s3").list_objects_v2(**pointer).get("Contents"))


@pytest.mark.usefixtures("publish_snapshot")
def test_the_deployed_api_answers_from_a_published_snapshot(local_aws: MiniStack) -> None:
    (api,) = local_aws.session().client("apigateway").get_rest_apis()["items"]
    url = f"{local_aws.url}/restapis/{api['id']}/api/_user_request_/health"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  our own http URL
        assert answer.status == 200


@pytest.mark.usefixtures("publish_snapshot")
def test_the_package_answers_under_the_real_runtime(runtime: Functions) -> None:
    answer = runtime.invoke("app.app", api_event("GET", "/health", "/health"))
    assert answer["statusCode"] == 200, answer
