"""Small inputs block neither the event loop nor the worker, in each way of serving."""

import json
from urllib.parse import urlencode

import pytest

from tests.hostile.attacks import SPECIAL, opened, read_without_end
from tests.hostile.client import SECONDS, Page, fetch, run

pytestmark = [pytest.mark.jit, pytest.mark.slow]


async def health(server) -> dict:
    return json.loads((await fetch(server.address, "/health")).body)


def cancelled(server) -> float:
    """Return how many jobs were cancelled."""
    return server.metrics()['quests_jobs_total{outcome="cancelled"}']


def test_a_request_alone_begins_no_work(with_data):
    # What pages of other tests have begun ends, or is cancelled once they are forgotten.
    with_data.wait(lambda: with_data.is_quiet(0), SECONDS)
    before = with_data.jobs_ended()

    async def scenario():
        names = [*SPECIAL, "good.xyz"]
        for query in ("", *(urlencode({"file": with_data.data / name}) for name in names)):
            page = await Page(with_data.address).load(query)
            assert page.response.code == 200
            # Nor does a websocket, as long as no page says that it is there.
            (await page.connect()).close()
        state = await health(with_data)
        assert (state["status"], state["jobs_waiting"]) == ("ok", 0)

    run(scenario())
    assert not with_data.is_busy()
    assert with_data.jobs_ended() == before


@pytest.mark.parametrize("how", ["cancels", "leaves"])
def test_who_cancels_or_leaves_frees_the_worker_from_a_file_without_an_end(with_data, how):
    before = cancelled(with_data)
    assert run(read_without_end(with_data, "endless.lammpsdump", how)) == []
    with_data.wait(lambda: cancelled(with_data) > before, SECONDS)
    assert run(health(with_data))["status"] == "ok"


def test_a_long_text_is_refused_before_it_is_looked_at(with_data):
    async def scenario():
        wire = await opened(with_data, "good.xyz")
        for value in ("x" * 20_001, ["x"] * 100_001):
            header, _ = await wire.change(wire.find("File path or data-set name"), "value_input", value)
            assert header["msgtype"] == "ERROR"
        header, _ = await wire.patch({"kind": "RootRemoved", "model": {"id": wire.find("Frames kept")}})
        assert header["msgtype"] == "ERROR"
        assert wire.find("Frames kept")
        wire.close()

    run(scenario())
