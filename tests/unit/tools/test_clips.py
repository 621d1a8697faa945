from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from tools.clips import Clip, ClipError, clips, make, recipe

SMALL = Clip("media/small.mp4", "50% off: don't, wait", 2, "video/mp4", 320, 180, 300)


def document(**media: Any) -> dict[str, Any]:
    rendition = {"url": "media/a.mp4", "mime": "video/mp4", "width": 640, "height": 360, "bitrate": 500} | media
    return {"creatives": [{"name": "A", "duration": 6, "media": [rendition]}]}


@pytest.mark.slow
@pytest.mark.parametrize(("mime", "codec", "audio"), [("video/mp4", "h264", "aac"), ("video/webm", "vp9", "opus")])
def test_a_clip_has_the_properties_of_its_recipe(tmp_path: Path, mime: str, codec: str, audio: str) -> None:
    clip = replace(SMALL, mime=mime, key=f"media/small.{mime[6:]}")

    path = make(clip, tmp_path)

    probed = next(imageio_ffmpeg.read_frames(str(path)))
    assert probed["codec"] == codec
    assert probed["audio_codec"].strip(",") == audio
    assert probed["size"] == (clip.width, clip.height)
    assert probed["duration"] == pytest.approx(clip.duration, abs=0.1)
    assert path.stat().st_size * 8 / 1000 / clip.duration == pytest.approx(clip.bitrate, rel=0.25)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_mp4_has_its_index_before_its_media(tmp_path: Path) -> None:
    data = make(SMALL, tmp_path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_clip_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(SMALL, tmp_path)
    monkeypatch.setattr("tools.clips._ffmpeg", lambda *_: pytest.fail("made again"))
    assert make(SMALL, tmp_path) == path


@pytest.mark.parametrize("change", [{"title": "B"}, {"duration": 3}, {"bitrate": 301}, {"width": 322}])
def test_another_recipe_has_another_file_name(change: dict[str, Any]) -> None:
    assert recipe(replace(SMALL, **change)) != recipe(SMALL)


def test_a_clip_has_no_text_if_ffmpeg_cannot_draw_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ffmpeg_path = imageio_ffmpeg.get_ffmpeg_exe()
    no_text = tmp_path / "ffmpeg"
    no_text.write_text(
        f'#!/bin/sh\ncase "$*" in *drawtext*) echo no font >&2; exit 1;; esac\nexec {ffmpeg_path} "$@"\n'
    )
    no_text.chmod(0o755)
    monkeypatch.setattr("tools.clips.imageio_ffmpeg.get_ffmpeg_exe", lambda: str(no_text))

    assert make(SMALL, tmp_path / "clips").stat().st_size > 0


def test_a_failure_leaves_no_file_and_reports_the_error_of_ffmpeg(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"media/small\.mp4: ffmpeg failed: .+"):
        make(replace(SMALL, width=0), tmp_path)
    assert not list(tmp_path.iterdir())


def test_clips_are_the_distinct_relative_urls() -> None:
    results = clips([document(), document(), document(url="https://cdn.example/a.mp4"), document(url="media/b.mp4")])
    assert [clip.key for clip in results] == ["media/a.mp4", "media/b.mp4"]
    assert results[0] == Clip("media/a.mp4", "A", 6, "video/mp4", 640, 360, 500)


def test_a_url_with_two_descriptions_is_refused() -> None:
    with pytest.raises(ClipError, match=r"media/a\.mp4: described in two ways"):
        clips([document(), document(bitrate=501)])


def test_an_unsupported_type_is_refused() -> None:
    with pytest.raises(ClipError, match="video/ogg clips can't be made"):
        clips([document(mime="video/ogg")])
