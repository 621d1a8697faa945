"""How far the event loop is behind: what a request waits before the application sees it."""

import asyncio

TICK = 0.01
"""Seconds between two looks."""


class LoopLag:
    """The lag of the running event loop, in seconds. `follow` measures it until it is cancelled."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def follow(self) -> None:
        """Sleeps for a tick again and again. What it oversleeps is the lag; a smaller lag is believed at once."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.seconds = max(0.0, loop.time() - due)
