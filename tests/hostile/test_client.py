"""The raw client acts as a page does, in each way of serving."""

import pytest

from tests.hostile.client import Page, run

pytestmark = pytest.mark.jit


def test_a_page_is_loaded_changed_and_left(server):
    async def scenario():
        page = await Page(server.address).load()
        assert page.response.code == 200
        wire = await page.connect()
        header, _ = await wire.event("document_ready", {})
        assert header["msgtype"] == "OK"
        header, _ = await wire.change(wire.find("Frames kept"), "value", 3)
        assert header["msgtype"] == "OK"
        wire.close()

    run(scenario())
