"""What outlives a page that is reloaded, or a server that is killed: decisions, and running work."""

import signal

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.test_dashboard import move_slider
from tests.load.server import WITHOUT_UMAP, Server

METHOD = "mean_fps"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder by which a test tells the server to end its slow method."""
    return tmp_path_factory.mktemp("slow-method")


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory, small_file):
    own = {
        "QUESTS_DATA_DIRS": str(small_file.parent), "QUESTS_CACHE_DIR": str(folder / "cache"),
        "QUESTS_SLOW_METHOD": str(folder),
    }  # fmt: skip
    plugins = ("--plugins", "tests.slow_method")
    with Server(tmp_path_factory.mktemp("server"), *WITHOUT_UMAP, *plugins, **own) as server:
        yield server


def undo(page):
    return page.locator("button", has_text="Undo")


def visit(context, url, name):
    """Open a page and wait for its file."""
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(url)
    page.locator(".summary .name", has_text=name).wait_for()
    page.locator(".verdict", has_text="By comparison").wait_for()
    return page


@pytest.mark.slow
def test_a_reloaded_page_takes_over_running_work(server, folder, browser, small_file):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = visit(context, f"{server.address}/app?file={small_file}", small_file.name)
    page.get_by_role("checkbox", name=METHOD, exact=True).click()
    running = page.locator(".progress", has_text=f"Computing {METHOD}").filter(has_text="75 %")
    running.wait_for()
    page.wait_for_url(f"**{METHOD}**")
    page.reload()
    running.wait_for()
    assert page.get_by_role("checkbox", name=METHOD, exact=True).is_checked()
    # The page that was left is forgotten.
    server.wait(lambda: server.metrics()["quests_sessions"] == 1, PATIENCE)
    assert running.is_visible(), "it goes on without the page that began it"
    (folder / "end").touch()
    page.locator("table.numbers tr", has_text=METHOD).first.wait_for()
    running.wait_for(state="hidden")
    assert len((folder / "calls").read_text().splitlines()) == 1, "it was computed once"
    context.close()
    assert not server.faults()


@pytest.mark.slow
def test_decisions_outlive_the_server(server, browser, small_file):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = visit(context, f"{server.address}/app?file={small_file}", small_file.name)
    move_slider(page, "ArrowRight", 2)
    page.get_by_role("checkbox", name="fps", exact=True).click()
    # The address changes first; decisions that are stored for another one are not restored.
    page.wait_for_url("**fps**")
    page.wait_for_function("JSON.parse(sessionStorage.getItem('quests /app'))?.search === location.search")
    size, search = page.locator(".size").first.inner_text(), page.evaluate("location.search")

    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.start()
    page.reload()
    undo(page).and_(page.locator(":enabled")).wait_for()
    assert page.evaluate("location.search") == search
    assert page.locator(".size").first.inner_text() == size
    assert page.get_by_role("checkbox", name="fps", exact=True).is_checked()
    undo(page).click()
    page.wait_for_function("search => location.search !== search", arg=search)
    page.get_by_role("checkbox", name="fps", exact=True, checked=False).wait_for()
    page.locator("button", has_text="Redo").and_(page.locator(":enabled")).wait_for()

    # A user who follows the link has a separate history.
    other = visit(context, f"{server.address}/app{search}", small_file.name)
    other.wait_for_timeout(1000)
    assert undo(other).is_disabled()
    context.close()
