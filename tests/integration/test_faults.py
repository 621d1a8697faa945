"""From notices to spend through the local AWS, with failing calls and dying handlers. `make soak` runs longer.

The test's name has the seed. `python -m tests.soak.run --aws --seed S --events N --campaigns C` repeats a run.
"""

import pytest

from tests.soak.cloud import in_cloud
from tools.ministack import MiniStack

EVENTS, CAMPAIGNS, HARM = 250, 5, 0.3


@pytest.mark.parametrize("seed", [26, 101])
def test_spend_is_exact_under_lost_calls_lost_answers_and_dying_handlers(local_aws: MiniStack, seed: int) -> None:
    chain = in_cloud(local_aws.session(), seed, EVENTS, CAMPAIGNS, HARM)

    lost = {name: getattr(chain, name).lost for name in ("sns", "sqs", "dynamodb", "s3")}
    assert all(lost.values()), f"what does not fail proves nothing: {lost}"
    assert chain.died
