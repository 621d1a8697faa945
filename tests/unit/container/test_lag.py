"""The lag of the event loop is the delay of its ticks."""

import asyncio
import time

from container.lag import TICK, LoopLag

UNSEEN = -1.0


def test_a_blocked_loop_has_a_lag_that_ends_with_the_block() -> None:
    async def block() -> list[float]:
        lag = LoopLag()
        task = asyncio.create_task(lag.follow())
        await asyncio.sleep(0)
        until = time.monotonic() + 5 * TICK
        while time.monotonic() < until:
            pass
        seen = []
        for _ in range(2):
            lag.seconds = UNSEEN
            while lag.seconds == UNSEEN:
                await asyncio.sleep(0)
            seen.append(lag.seconds)
        task.cancel()
        return seen

    blocked, free = asyncio.run(block())

    assert blocked >= 3 * TICK
    assert free < blocked
