"""Transcodes an uploaded file to its renditions: probes, checks, decodes, encodes the ladder, and measures."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from bidder.creatives import commands
from bidder.creatives.boxes import is_encrypted
from bidder.creatives.ladder import Rung, check, ladder
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.loudness import Loudness, LoudnessTarget, parse_loudness
from bidder.creatives.measure import Measured, NotPlayable, measure_rendition
from bidder.creatives.probe import Probe, parse_probe
from bidder.creatives.sandbox import Sandbox

_DURATION_SECONDS = 0.1
"""The most seconds by which a rendition may differ from its source: three frames at 30 frames a second."""


class Rendition(NamedTuple):
    """A finished file and its measurements."""

    path: Path
    measured: Measured


@dataclass(frozen=True, slots=True)
class Transcoded:
    """The measurements of an upload, and its renditions."""

    source: Probe
    loudness: Loudness | None
    renditions: Sequence[Rendition]


def probe_source(sandbox: Sandbox, limits: Limits) -> Probe:
    """The measurements of the upload in the sandbox's folder. Raises RefusedUpload if the file is not a video."""
    path = sandbox.folder / commands.SOURCE
    size = path.stat().st_size
    if size == 0:
        raise RefusedUpload(Refusal.EMPTY)
    if size > limits.max_bytes:
        raise RefusedUpload(Refusal.TOO_LARGE, limit=limits.max_bytes)
    run_result = sandbox.run(commands.probe(limits))
    probe = parse_probe(run_result.errors, run_result.output.splitlines(), size)
    if not probe.container:  # then the text has no titles of the upload, only messages of ffmpeg
        raise RefusedUpload(Refusal.CUT_OFF if "moov atom not found" in run_result.errors else Refusal.NOT_A_VIDEO)
    return replace(probe, is_encrypted=is_encrypted(path))


def transcode(
    sandbox: Sandbox,
    limits: Limits,
    target: LoudnessTarget,
    *,
    at_once: int = 2,
    on_step: Callable[[str], None] = lambda _: None,
) -> Transcoded:
    """Makes all renditions of the upload in the sandbox's folder.

    `on_step` is called with the name of each finished file. Raises RefusedUpload, and NotPlayable if a
    rendition differs from its rung.
    """
    source = probe_source(sandbox, limits)
    video = check(source, limits)
    audio_stream = source.audio.stream if source.audio else None
    decoded = sandbox.run(commands.decode(limits, video, audio_stream))
    if decoded.status != 0:
        raise RefusedUpload(Refusal.UNREADABLE)
    loudness = parse_loudness(decoded.errors) if source.audio else None

    def transcode_rung(rung: Rung) -> Rendition:
        command = commands.rendition(rung, video, audio_stream, loudness, target, limits)
        return _render(sandbox, rung, command, video.seconds, limits, on_step)

    with ThreadPoolExecutor(at_once) as pool:
        try:
            renditions = list(pool.map(transcode_rung, ladder(video)))
        except BaseException:  # also when the process is stopped: otherwise the pool would wait for all renditions
            pool.shutdown(wait=False, cancel_futures=True)
            sandbox.kill()
            raise
    return Transcoded(source, loudness, renditions)


def images(sandbox: Sandbox, limits: Limits) -> list[Path]:
    """Makes the poster and the thumbnails of the upload in the sandbox's folder.

    Raises RefusedUpload and NotPlayable.
    """
    source = probe_source(sandbox, limits)
    run_result = sandbox.run(commands.poster(check(source, limits), limits))
    paths = sorted(sandbox.folder.glob("*.jpg"))
    if run_result.status != 0 or not paths:
        msg = f"no poster: {_last_line(run_result.errors)}"
        raise NotPlayable(msg)
    return paths


def _render(
    sandbox: Sandbox, rung: Rung, command: Sequence[str], seconds: float, limits: Limits, on_step: Callable[[str], None]
) -> Rendition:
    run_result = sandbox.run(command)
    path = sandbox.folder / commands.file_name(rung)
    if run_result.status != 0:
        msg = f"{path.name}: {_last_line(run_result.errors)}"
        raise NotPlayable(msg)
    printed = sandbox.run([*commands.input_options(limits), "-i", path.name, *commands.PACKETS])
    probe = parse_probe(printed.errors, printed.output.splitlines(), path.stat().st_size)
    result = measure_rendition(path, rung.mime, probe)
    if (result.width, result.height) != (rung.width, rung.height) or abs(result.seconds - seconds) > max(
        _DURATION_SECONDS, 1.5 / float(rung.frame_rate)
    ):
        msg = f"{path.name} is {result.width}x{result.height}, {result.seconds} s; expected {rung}, {seconds} s"
        raise NotPlayable(msg)
    on_step(path.name)
    return Rendition(path, result)


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "ffmpeg said nothing")[:300]
