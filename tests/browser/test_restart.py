"""The server is killed; what was decided comes back when it runs again and the page is called again."""

import os
import signal

import pytest

from tests.browser.test_export import open_path
from tests.load.server import Server


@pytest.fixture
def server(tmp_path, small_file):
    folder = str(small_file.parent)
    with Server(tmp_path, QUESTS_DATA_DIRS=folder, QUESTS_CACHE_DIR=str(tmp_path / "cache")) as server:
        yield server


def undo(page):
    return page.get_by_role("button", name="Undo", exact=True)


def test_decisions_outlive_the_server(server, browser, small_file):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server.address}/app")
    page.locator(".verdict", has_text="By comparison").wait_for()
    open_path(page, small_file)
    page.get_by_role("button", name="fps", exact=True).first.click()
    page.wait_for_function("location.search.includes('fps')")
    page.get_by_role("slider", name="Frames kept").press("ArrowRight")
    page.get_by_role("slider", name="Frames kept").press("ArrowRight")
    size = page.locator(".size").first
    page.wait_for_function("sessionStorage.getItem('quests /app')?.split('n_frames').length > 2")
    before, search = size.inner_text(), page.evaluate("location.search")

    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.start()
    page.reload()
    page.locator(".summary .name", has_text=small_file.name).wait_for()
    page.wait_for_function("before => document.body.innerText.includes('Undo')", arg=before)
    undo(page).and_(page.locator(":enabled")).wait_for()
    assert page.evaluate("location.search") == search
    assert size.inner_text() == before
    undo(page).click()
    page.wait_for_function("search => location.search !== search", arg=search)

    # Another link leads to what it says, and so does another tab.
    other = context.new_page()
    other.goto(f"{server.address}/app{search}")
    other.locator(".summary .name", has_text=small_file.name).wait_for()
    other.wait_for_timeout(1000)
    assert undo(other).is_disabled()
    context.close()
    assert os.path.exists(small_file)
