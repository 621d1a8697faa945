"""The container worker has time for the longest video. A function stops ffmpeg before its own time limit."""

import pytest

from bidder.creatives.limits import Limits
from bidder.creatives.sandbox import Resources
from tests.support.upload_world import World
from workers.transcode.settings import processor, read

SETTINGS = {
    **{f"BIDDER_{name}": "x" for name in ("CAMPAIGNS_TABLE", "HISTORY_TABLE", "CREATIVES_TABLE", "CREATIVE_BUCKET")},
    **{f"BIDDER_{name}_TOPIC": "arn:aws:sns:us-east-1:000000000000:x" for name in ("CREATIVES", "REFRESH")},
    "BIDDER_MEDIA_URL": "https://media.example/",
}
CPU_SECONDS_OF_A_SECOND = 3.5
"""CPU seconds for all renditions of a second of 1080p video: docs/creatives.md, "Figures"."""


def test_a_worker_has_time_for_the_longest_video(world: World) -> None:  # noqa: ARG001  moto's AWS
    worker = processor(read(SETTINGS), is_function=False)

    assert worker.resources.cpu_seconds >= Limits().max_seconds * CPU_SECONDS_OF_A_SECOND


@pytest.mark.slow
def test_a_function_stops_ffmpeg_before_the_time_limit_of_lambda(world: World) -> None:  # noqa: ARG001  moto's AWS
    function = processor(read(SETTINGS), is_function=True)

    assert function.resources == Resources()
    assert function.resources.wall_seconds < 890
