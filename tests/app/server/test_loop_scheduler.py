"""Callbacks run one at a time, after pending requests."""

import asyncio
import time

from quests_app.server import loop_scheduler
from tests import asynchronous
from tests.app.conftest import WAIT_SECONDS


async def answer(seen, name, n_turns=3):
    """Handle a request like Bokeh, in several iterations of the loop with some work in each."""
    for _ in range(n_turns):
        end = time.perf_counter() + 2 * loop_scheduler.SHORT
        while time.perf_counter() < end:
            pass
        await asyncio.sleep(0)
    seen.append(f"answered {name}")


def assert_answered_in_turn(wait):
    """Assert that each piece of work runs after the request that the one before it caused."""
    seen, answers = [], []

    async def piece(name):
        await wait(None)
        seen.append(name)
        answers.append(asyncio.create_task(answer(seen, name)))

    async def scenario():
        await asyncio.gather(*[piece(name) for name in "abc"])
        await asyncio.gather(*answers)

    asynchronous.run(scenario())
    assert seen == [part for name in "abc" for part in (name, f"answered {name}")]


def test_requests_are_answered_before_the_next_callback():
    assert_answered_in_turn(lambda _: loop_scheduler.loop_scheduler().wait_until_idle())


def test_the_fragments_of_a_message_are_not_interrupted():
    """Most of the iterations that a message takes are short: the loop only seems to be idle."""
    seen = []

    async def message():
        for _ in range(10):
            await asyncio.sleep(0)
        await answer(seen, "it", 1)

    async def scenario():
        arriving = asyncio.create_task(message())
        await loop_scheduler.loop_scheduler().wait_until_idle()
        seen.append("page")
        await arriving

    asynchronous.run(scenario())
    assert seen == ["answered it", "page"]


def test_a_busy_loop_delays_a_callback_only_so_long(monkeypatch):
    monkeypatch.setattr(loop_scheduler, "PATIENCE", 0.05)
    seen = []

    async def scenario():
        busy = asyncio.create_task(answer(seen, "all", 10_000))
        await loop_scheduler.loop_scheduler().wait_until_idle()
        busy.cancel()

    asynchronous.run(asyncio.wait_for(scenario(), WAIT_SECONDS))
    assert seen == []
