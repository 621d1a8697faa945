"""`python -m loadtest.bench.transcode SECONDS…`: measures the transcoding of 1080p videos, as a table.

The source is ffmpeg's moving test picture with noise, 1080p at 30 frames a second. CPU seconds and memory are those of
all processes together. VMAF compares every tenth picture at the source's size.
"""

import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import imageio_ffmpeg
import psutil

from bidder.cli.table import table
from bidder.creatives import commands
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.sandbox import Resources, Sandbox
from bidder.creatives.transcode import transcode

FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
LAMBDA_GB_SECOND, LAMBDA_GB = 0.0000166667, 3538 / 1024
"""USD in us-east-1 on x86_64, and the memory in deploy/creatives.yaml, which has two processors."""
SPOT_VCPU_HOUR, SPOT_GB_HOUR, TASK_VCPU, TASK_GB = 0.3 * 0.04048, 0.3 * 0.004445, 4, 8
"""USD in us-east-1 on Linux x86_64, less 70 % for Spot, and the task in deploy/worker.yaml. Spot prices change."""
LAMBDA_VCPU = 2
_EVERY_SECONDS = 0.2
_PICTURE = "testsrc2=s=1920x1080:r=30,noise=alls=12:allf=t"


class Usage(NamedTuple):
    """The resources of a block of code and its child processes: seconds, and MB of memory."""

    wall: float
    cpu: float
    peak_mb: float


def main(lengths: Sequence[str]) -> None:
    """Prints a table for each length in seconds, as soon as it is measured."""
    for seconds in map(int, lengths or ["15", "30"]):
        with TemporaryDirectory() as folder:
            print("\n".join(measure(seconds, Path(folder))), flush=True)


def measure(seconds: int, folder: Path) -> list[str]:
    """The lines of the table for a video of `seconds` seconds."""
    source = folder / commands.SOURCE
    sound = "anoisesrc=a=0.1:c=pink:r=48000"
    video = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "12M", "-maxrate", "12M", "-bufsize", "12M")
    encoder = (*video, "-c:a", "aac", "-f", "mp4")
    _run("-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", sound, "-t", str(seconds), *encoder, str(source))
    usage: list[Usage] = []
    resources = Resources(cpu_seconds=100_000, wall_seconds=100_000)
    with measured(usage):
        transcoded = transcode(
            Sandbox(FFMPEG, folder, resources), Limits(), LoudnessTarget.ATSC_A85, at_once=os.cpu_count() or 1
        )
    [used] = usage
    rows = [
        (path.name, f"{measured.size / 1e6:.2f}", str(measured.kbits), f"{vmaf(path, source):.1f}")
        for path, measured in transcoded.renditions
    ]
    function = used.cpu / LAMBDA_VCPU * LAMBDA_GB * LAMBDA_GB_SECOND
    worker = used.cpu / TASK_VCPU / 3600 * (TASK_VCPU * SPOT_VCPU_HOUR + TASK_GB * SPOT_GB_HOUR)
    return [
        "",
        f"{seconds} s of 1080p, {source.stat().st_size / 1e6:.1f} MB: {used.wall:.0f} s, {used.cpu:.0f} CPU s, "
        f"{used.peak_mb:.0f} MB; Lambda {function * 100:.3f} cents, Fargate Spot {worker * 100:.3f} cents",
        table(("rendition", "MB", "kbit/s", "VMAF"), rows),
    ]


@contextmanager
def measured(into: list[Usage]) -> Iterator[None]:
    """Appends the resources that the block used."""
    peak, is_done = [0.0], threading.Event()

    def watch() -> None:
        while not is_done.wait(_EVERY_SECONDS):
            peak[0] = max(peak[0], _memory())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    cpu, begin = _cpu(), time.perf_counter()
    try:
        yield
    finally:
        wall, spend = time.perf_counter() - begin, _cpu() - cpu
        is_done.set()
        watcher.join()
        into.append(Usage(wall, spend, peak[0] / 1e6))


def vmaf(path: Path, source: Path) -> float:
    """The mean VMAF of a rendition against its source (model v0.6.1 of libvmaf)."""
    scale = "[0:v]scale=1920:1080:flags=bicubic[made];[made][1:v]libvmaf=n_subsample=10:n_threads=2"
    errors = _run("-i", str(path), "-i", str(source), "-lavfi", scale, "-f", "null", "-")
    score = re.search(r"VMAF score: ([\d.]+)", errors)
    if score is None:
        msg = f"no VMAF of {path.name}: {errors[-500:]}"
        raise RuntimeError(msg)
    return float(score[1])


def _memory() -> float:
    total = 0
    for process in (own := psutil.Process(), *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _cpu() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _run(*arguments: str) -> str:
    command = [str(FFMPEG), "-nostdin", "-hide_banner", "-y", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr  # noqa: S603  a fixed program


if __name__ == "__main__":
    main(sys.argv[1:])
