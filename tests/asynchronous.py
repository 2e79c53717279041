"""Run coroutines of tests where an event loop may be running already."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def run(scenario: Coroutine) -> Any:
    """Run a coroutine in a thread of its own: in that of the tests Playwright's event loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scenario).result()
