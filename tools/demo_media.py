"""Makes the film of GET /demo and the companion images of the sample campaigns with ffmpeg."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import imageio_ffmpeg

from tools.clips import ClipError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILM_SECONDS = 60
_FILM_ENCODER = "-c:v libx264 -preset veryfast -crf 30 -pix_fmt yuv420p -g 25 -c:a aac -b:a 48k -movflags +faststart"


@dataclass(frozen=True)
class Picture:
    """A file of the demo: its key, media type, size, gradient colours, and two lines of text."""

    key: str
    mime: str
    width: int
    height: int
    colours: tuple[str, ...]
    lines: tuple[str, str]


FILM = Picture(
    "media/demo-film.mp4",
    "video/mp4",
    960,
    540,
    ("0x1b2a49", "0x465c8b", "0xd98f5c", "0x2d1e4f"),
    ("The long way home", ""),
)
PICTURES = (
    FILM,
    Picture(
        "media/aurora-300x250.png",
        "image/png",
        300,
        250,
        ("0x0f4c3a", "0x1f8a70"),
        ("Aurora trail shoes", "Over the ridge. From 89"),
    ),
    Picture(
        "media/halden-300x250.png",
        "image/png",
        300,
        250,
        ("0x3b1d60", "0x8a4fbf"),
        ("Halden Mutual", "One key, one quote"),
    ),
)


def supply_demo(folder: Path, s3: "S3Client", bucket: str) -> None:
    """Makes each file that the folder lacks, and uploads all to the bucket. Raises ClipError, ClientError."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        recipe = hashlib.sha256(f"{picture} {arguments(picture)}".encode()).hexdigest()[:24]
        path = folder / f"{recipe}{Path(picture.key).suffix}"
        if not path.exists():
            _make(picture, path)
        s3.put_object(Bucket=bucket, Key=picture.key, Body=path.read_bytes(), ContentType=picture.mime)


def arguments(picture: Picture, *, text: bool = True) -> list[str]:
    """The arguments of ffmpeg, without the output file."""
    colours = ":".join(f"c{number}={colour}" for number, colour in enumerate(picture.colours))
    size = f"{picture.width}x{picture.height}"
    film = picture is FILM
    source = (
        f"gradients=s={size}:n={len(picture.colours)}:{colours}:speed=0.012:r=25:seed=7:d={FILM_SECONDS if film else 1}"
    )
    for number, line in enumerate(picture.lines if text else ()):
        height = f"h*{0.42 + number * 0.13}"
        font = f"fontsize=h/{9 if film else 10 + 4 * number}:fontcolor=white@{0.92 - number * 0.2}"
        source += f",drawtext=text='{line}':x=(w-tw)/2:y={height}:{font}" if line else ""
    inputs = ["-f", "lavfi", "-i", source]
    if not film:
        return [*inputs, "-frames:v", "1"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=110:sample_rate=48000:d={FILM_SECONDS},volume=0.05"]
    return [*inputs, *sound, "-t", str(FILM_SECONDS), *_FILM_ENCODER.split()]


def _make(picture: Picture, target: Path) -> None:
    unfinished = target.with_name(f"part-{target.name}")
    # The machine may have no font for the text.
    problem = _ffmpeg(arguments(picture), unfinished) and _ffmpeg(arguments(picture, text=False), unfinished)
    if problem:
        unfinished.unlink(missing_ok=True)
        msg = f"{picture.key}: ffmpeg failed: {problem}"
        raise ClipError(msg)
    unfinished.rename(target)


def _ffmpeg(arguments: list[str], target: Path) -> str:
    """Runs ffmpeg. Returns its message if it failed, else ""."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *arguments, str(target)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return "" if process.returncode == 0 else (process.stderr.strip() or f"exit status {process.returncode}")
