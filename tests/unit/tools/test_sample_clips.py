"""The upload of sample clips: one by one, and only missing clips."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tools import sample_clips
from tools.clips import Clip

CLIPS = [Clip(f"media/{name}.mp4", name, 1, "video/mp4", 320, 180, 300) for name in ("a", "b", "c")]


class Bucket:
    """A fake S3 client with one bucket. `objects` has the bodies by key."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.put: list[str] = []

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        checksums = {key: hashlib.md5(data, usedforsecurity=False).hexdigest() for key, data in self.objects.items()}
        return [{"Contents": [{"Key": key, "ETag": f'"{checksum}"'} for key, checksum in checksums.items()]}]

    def put_object(self, **written: Any) -> None:
        self.objects[written["Key"]] = written["Body"]
        self.put.append(written["Key"])


@pytest.fixture(autouse=True)
def _makes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def make(clip: Clip, _: Path) -> Path:
        path = tmp_path / clip.title
        path.write_text(clip.title)
        return path

    monkeypatch.setattr(sample_clips, "make", make)


def test_only_missing_clips_are_uploaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = Bucket({"media/a.mp4": b"a", "media/b.mp4": b"of another recipe"})
    assert sample_clips.supply(CLIPS, tmp_path, bucket, "x") == 2  # type: ignore[arg-type]
    assert sorted(bucket.put) == ["media/b.mp4", "media/c.mp4"]
    assert bucket.objects["media/b.mp4"] == b"b"
    assert capsys.readouterr().out == "Clips: 3 of 3\n"
    assert sample_clips.supply(CLIPS, tmp_path, bucket, "x") == 0  # type: ignore[arg-type]
    assert "all 3 are in s3://x" in capsys.readouterr().out


@pytest.mark.parametrize(("failures", "raises"), [(0, False), (2, False), (3, True)])
def test_a_lost_connection_is_retried_a_few_times(failures: int, raises: bool) -> None:
    calls = 0

    def action() -> None:
        nonlocal calls
        calls += 1
        if calls <= failures:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    if raises:
        with pytest.raises(EndpointConnectionError):
            sample_clips._persistently(action, attempts=3, pause_seconds=0)
    else:
        sample_clips._persistently(action, attempts=3, pause_seconds=0)
    assert calls == min(failures + 1, 3)
