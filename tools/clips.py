"""Makes clips for sample campaigns with ffmpeg: a test picture with a title and the time, and a quiet tone.

The campaign file defines the clips: every rendition with a relative URL is one.
"""

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg

_FPS = 25
_AUDIO_KBITS = 64
_ENCODERS = {
    # ultrafast with an arithmetic coder is Main profile; filler (nal-hrd) keeps the bit rate of simple pictures
    "video/mp4": (
        "-c:v libx264 -preset ultrafast -coder 1 -x264-params nal-hrd=cbr -c:a aac -movflags +faststart -f mp4"
    ),
    "video/webm": (
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -tile-columns 2 -c:a libopus -vbr off -f webm"
    ),
}


class ClipError(RuntimeError):
    """ffmpeg can't make a clip. The message names the clip and the reason."""


@dataclass(frozen=True)
class Clip:
    """A file to make. `key` is its relative URL; the other fields are seconds, pixels, and kbit/s of the whole file."""

    key: str
    title: str
    duration: float
    mime: str
    width: int
    height: int
    bitrate: int


def clips(documents: Iterable[Mapping[str, Any]]) -> list[Clip]:
    """The clips to which the campaigns of a YAML document refer by a relative URL.

    Raises ClipError if a URL is described in two ways, or has a type that can't be made.
    """
    clips_by_key: dict[str, Clip] = {}
    for clip in _described(documents):
        if clip.mime not in _ENCODERS:
            msg = f"{clip.key}: {clip.mime} clips can't be made; use {' or '.join(_ENCODERS)}, or give a full url"
            raise ClipError(msg)
        if clips_by_key.setdefault(clip.key, clip) != clip:
            msg = (
                f"{clip.key}: described in two ways, {clips_by_key[clip.key]} and {clip}; give one of them another url"
            )
            raise ClipError(msg)
    return list(clips_by_key.values())


def _described(documents: Iterable[Mapping[str, Any]]) -> Iterator[Clip]:
    for campaign in documents:
        for creative in campaign["creatives"]:
            for media in creative.get("media", ()):
                if "://" not in media["url"]:
                    yield Clip(
                        key=media["url"],
                        title=creative["name"],
                        duration=creative["duration"],
                        **{name: media[name] for name in ("mime", "width", "height", "bitrate")},
                    )


def arguments(clip: Clip, title_file: str | None) -> list[str]:
    """The arguments of ffmpeg for a clip, without the output file. Without a title file, no text is drawn."""
    picture = [f"testsrc2=s={clip.width}x{clip.height}:r={_FPS}", f"hue=h={_hue(clip)}:s=0.6"]
    if title_file:
        text = "drawtext=fontcolor=white:x=(w-tw)/2"
        picture += [
            "drawbox=y=ih*0.36:h=ih*0.28:c=black@0.55:t=fill",
            f"{text}:fontsize=min(w\\,h)/12:y=h*0.41:expansion=none:textfile={title_file}",
            f"{text}:fontsize=min(w\\,h)/16:y=h*0.54:text='%{{pts\\:hms}} of {clip.duration:g} s'",
        ]
    rate = f"{clip.bitrate - _AUDIO_KBITS - 8}k"  # the container takes 8 kbit/s
    return [
        *("-f", "lavfi", "-i", ",".join([*picture, "format=yuv420p"])),
        *("-f", "lavfi", "-i", "sine=frequency=220:sample_rate=48000,volume=0.2"),
        *("-t", str(clip.duration), "-g", str(2 * _FPS), "-b:a", f"{_AUDIO_KBITS}k"),
        *("-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", rate),
        *_ENCODERS[clip.mime].split(),
    ]


def _hue(clip: Clip) -> int:
    return hashlib.sha256(clip.title.encode()).digest()[0] * 360 // 256


def recipe(clip: Clip) -> str:
    """A file name for the clip, which depends on the clip, this code and the ffmpeg version."""
    made_from = [asdict(clip), arguments(clip, "title"), imageio_ffmpeg.get_ffmpeg_version()]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:24]


def path(clip: Clip, folder: Path) -> Path:
    """The path of a finished clip in a folder."""
    return folder / (recipe(clip) + Path(clip.key).suffix)


def make(clip: Clip, folder: Path) -> Path:
    """Makes the clip unless it exists, and returns its path. Raises ClipError with ffmpeg's message."""
    finished = path(clip, folder)
    if finished.exists():
        return finished
    folder.mkdir(parents=True, exist_ok=True)
    title, unfinished = finished.with_suffix(".txt"), finished.with_suffix(".part")
    title.write_text(clip.title, encoding="utf-8")
    try:
        # the machine may have no font for the text
        problem = _ffmpeg(clip, title, unfinished) and _ffmpeg(clip, None, unfinished)
        if problem:
            msg = f"{clip.key}: ffmpeg failed: {problem}"
            raise ClipError(msg)
        return unfinished.rename(finished)
    finally:
        title.unlink()
        unfinished.unlink(missing_ok=True)


def _ffmpeg(clip: Clip, title: Path | None, target: Path) -> str:
    """Runs ffmpeg in the folder of the file, so that no name needs quoting.

    Returns its message if it failed, else "".
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y"]
    process = subprocess.run(
        [*command, *arguments(clip, title.name if title else None), target.name],
        cwd=target.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return "" if process.returncode == 0 else (process.stderr.strip() or f"exit status {process.returncode}")
