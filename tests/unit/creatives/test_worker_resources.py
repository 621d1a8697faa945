"""The container worker may use what the longest video takes; a function ends before its own time limit."""

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
"""Of all renditions of a 1080p video together: docs/creatives.md, "Figures"."""


def test_a_worker_has_the_time_for_the_longest_video(world: World) -> None:  # noqa: ARG001  moto's AWS
    worker = processor(read(SETTINGS), is_function=False)

    assert worker.resources.cpu_seconds >= Limits().max_seconds * CPU_SECONDS_OF_A_SECOND


@pytest.mark.slow
def test_a_function_ends_ffmpeg_before_lambda_ends_the_function(world: World) -> None:  # noqa: ARG001  moto's AWS
    function = processor(read(SETTINGS), is_function=True)

    assert function.resources == Resources()
    assert function.resources.wall_seconds < 890
