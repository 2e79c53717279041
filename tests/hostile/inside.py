"""A user at work on a page while the server is attacked, in a separate process.

Run as a module, this file is that process.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from tests.hostile.client import SECONDS, Page

PAUSE = 0.2


class Inside:
    """Move the slider of a page repeatedly; a context manager.

    Parameters
    ----------
    address : str
        Address of the server.
    log : Path
        File to which each move is logged.
    pause : float
        Seconds between two moves.
    """

    def __init__(self, address: str, log: Path, pause: float = PAUSE):
        self._address, self._log, self._pause = address, log, pause

    def __enter__(self) -> "Inside":
        with self._log.open("w") as log:
            command = [sys.executable, "-m", __name__, self._address, str(self._pause)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log)
        while not self.moves():
            if self._process.poll() is not None:
                raise ConnectionError("the page could not be opened")
            time.sleep(0.1)
        return self

    def __exit__(self, *_) -> None:
        self._process.stdin.close()
        self._process.wait(SECONDS)

    def moves(self, begun: float = 0.0, ended: float = float("inf")) -> list[float]:
        """Return the durations, s, of the moves that began between two times of ``time.monotonic``."""
        lines = self._log.read_text().splitlines()
        moves = [json.loads(line) for line in lines if line.endswith("]")]
        return [seconds for at, seconds in moves if begun <= at <= ended]

    def is_inside(self) -> bool:
        """Return whether the page still works."""
        return self._process.poll() is None


async def _work(address: str, pause: float) -> None:
    wire = await (await Page(address).load()).connect()
    await wire.event("document_ready", {})
    slider, number = wire.find("Frames kept"), 0
    done = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while not done.done():
        begun, number = time.monotonic(), number + 1
        await wire.change(slider, "value", number % 9)
        print(json.dumps([begun, time.monotonic() - begun]), flush=True)  # noqa: T201
        await asyncio.sleep(pause)
    wire.close()


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], float(sys.argv[2])))
