"""How far the event loop is behind is what a tick oversleeps."""

import asyncio
import time

from container.lag import TICK, LoopLag

UNSEEN = -1.0


def test_a_blocked_loop_is_seen_and_a_free_one_is_believed_at_once() -> None:
    async def block() -> list[float]:
        lag = LoopLag()
        following = asyncio.create_task(lag.follow())
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
        following.cancel()
        return seen

    blocked, free = asyncio.run(block())

    assert blocked >= 3 * TICK
    assert free < blocked
