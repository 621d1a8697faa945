"""Small videos that ffmpeg makes during the tests."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
PICTURE = "-f lavfi -i testsrc2=s=320x180:r=25"
TONE = "-f lavfi -i sine=440"
H264 = "-c:v libx264 -preset ultrafast -c:a aac"

Video = Callable[..., Path]


def make(path: Path, options: str) -> Path:
    """Makes a video with ffmpeg's options."""
    command = [str(FFMPEG), "-nostdin", "-loglevel", "error", "-y", *options.split(), str(path)]
    subprocess.run(command, check=True, cwd=path.parent)  # noqa: S603  a fixed program
    return path


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Video:
    """Makes a video with a name and options once per session."""
    folder = tmp_path_factory.mktemp("videos")

    def video(name: str, options: str) -> Path:
        path = folder / name
        return path if path.exists() else make(path, options)

    return video


@pytest.fixture
def clip(videos: Video) -> Path:
    """An ordinary video of four seconds."""
    return videos("whole.mp4", f"{PICTURE} {TONE} -t 4 {H264} -movflags +faststart")
