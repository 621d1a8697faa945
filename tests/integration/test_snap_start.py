"""An execution environment that is restored from its SnapStart image."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from loadtest.bench.published import publish
from tests.integration.lambda_service import environment
from tests.integration.polling import poll
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign
from tests.support.matchable import video_request
from tools.lambda_runtime import NotOnThisMachine, install_tools, unpack_archive
from tools.ministack import MiniStack
from tools.package import Package

NAME = "snap-start"
HOUR = timedelta(hours=1)


def test_the_first_bid_after_a_restore_uses_changes_since_the_image(
    local_aws: MiniStack, stack: dict[str, str], built_package: Package, tmp_path: Path
) -> None:
    try:
        install_tools()
    except NotOnThisMachine as error:
        pytest.skip(str(error))
    s3, ssm = local_aws.session().client("s3"), local_aws.session().client("ssm")

    def sign_with(key_id: str) -> None:
        keys = json.dumps({"current": key_id, "keys": {key_id: key_id[0] * 43}})
        ssm.put_parameter(Name=f"/{NAME}/signing-keys", Value=keys, Type="SecureString", Overwrite=True)

    s3.create_bucket(Bucket=NAME)
    publish(s3, NAME, [campaign(id="before")], datetime.now(UTC) - HOUR)
    sign_with("a1")
    log = tmp_path / "log"
    variables = stack | {"BIDDER_SNAPSHOT_BUCKET": NAME, "BIDDER_PARAMETERS": f"/{NAME}", "TMPDIR": str(tmp_path)}
    with environment(unpack_archive(built_package.archive), variables, log) as service:
        assert service.imaged.wait(30), log.read_text()
        assert "snapshot.loaded" in log.read_text()
        assert "failed" not in log.read_text()
        publish(s3, NAME, [campaign(id="after")], datetime.now(UTC))
        sign_with("b2")
        service.restore.set()

        # there is no bid until the keeper's next check, which an image that is really an hour old makes at once
        event = api_event("POST", "/bid", "/bid", body=json.dumps(video_request()))
        answer = poll(lambda: (values := service.invoke(event))["statusCode"] == 200 and values)

    [bid] = json.loads(answer["body"])["seatbid"][0]["bid"]
    assert bid["cid"] == "after"
    assert urlsplit(bid["nurl"]).path.rpartition("/")[2].startswith("b2.")
