"""Measures the lag of the event loop: the time that a request waits before the application gets it."""

import asyncio

TICK = 0.01
"""Seconds between two measurements."""


class LoopLag:
    """The lag of the running event loop in seconds. `follow` measures the lag until it is cancelled."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def follow(self) -> None:
        """Sleeps for a tick repeatedly. The time slept too long is the lag."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.seconds = max(0.0, loop.time() - due)
