"""Scripts in the outputs of a notebook: compressed, and stored once."""

import base64
import gzip
import json
import re
from types import SimpleNamespace

import pytest

from quests_app.notebook import scripts

IPython = pytest.importorskip("IPython")


def unpacked(html):
    """Return the scripts that some HTML contains in compressed form."""
    (data,) = re.findall(r'packed = "([\w+/=]+)"', html)
    return json.loads(gzip.decompress(base64.b64decode(data)))


@pytest.fixture
def kernel(monkeypatch):
    """Return a kernel that publishes as ipykernel does: a hook returns the message, or None to keep it."""

    class Kernel:
        def __init__(self):
            self.hooks, self.published = [], []
            self.display_pub = SimpleNamespace(
                register_hook=self.hooks.append, unregister_hook=self.hooks.remove
            )
            self.parent = {}

        def publish(self, data):
            message = {"content": {"data": data}}
            for hook in self.hooks:
                message = hook(message)
                if message is None:
                    return
            self.published.append(data)

        def get_parent(self):
            return self.parent

        def run(self, cell, execution):
            """Begin to run a cell."""
            self.parent = {"metadata": {"cellId": cell} if cell else {}, "header": {"msg_id": execution}}

    kernel = Kernel()
    monkeypatch.setattr(IPython, "get_ipython", lambda: kernel)
    monkeypatch.setattr(IPython.display, "display", lambda html: kernel.published.append(html.data))
    return kernel


def test_scripts_are_compressed_without_loss():
    texts = ["x = '</script> \\ \u2028 é';" * 1000, "", "y = 1"]
    html = scripts.packed(*texts, once="k")
    assert unpacked(html) == texts
    assert len(html) < 3000
    assert html.count("</script>") == 1


def test_only_the_script_of_a_view_is_compressed():
    html = "<div id='a'></div>\n"
    script = f'{html}<script type="{scripts.JAVASCRIPT}">(function() {{ "<b></b>" }})()</script>'
    found = scripts.with_packed_script(script)
    assert found.startswith(html + "<script>")
    assert unpacked(found) == ['(function() { "<b></b>" })()']
    for other in (html, "", script + "<p>"):
        assert scripts.with_packed_script(other) == other


def test_published_scripts_are_collected_and_nothing_else(kernel):
    with scripts.collected() as found:
        kernel.publish({"text/html": "<style></style>"})
        kernel.publish({scripts.JAVASCRIPT: "a", "application/vnd.holoviews_load.v0+json": "a"})
        kernel.publish({scripts.JAVASCRIPT: "b"})
    kernel.publish({scripts.JAVASCRIPT: "c"})
    assert found == ["a", "b"]
    assert kernel.published == [{"text/html": "<style></style>"}, {scripts.JAVASCRIPT: "c"}]


def test_without_hooks_scripts_are_published(kernel):
    kernel.display_pub = SimpleNamespace()
    with scripts.collected() as found:
        kernel.publish({scripts.JAVASCRIPT: "a"})
    assert found == []
    assert kernel.published == [{scripts.JAVASCRIPT: "a"}]


def test_scripts_are_displayed_once_and_again_by_their_cell(kernel):
    output, made = scripts.LoadOutput(), []

    def make():
        made.append("html")
        return "html"

    for cell, execution, n_displayed in (
        ("first", "1", 1), ("first", "1", 1), ("other", "2", 1), ("first", "3", 2), ("", "4", 2),
        ("first", "5", 3),
    ):  # fmt: skip
        kernel.run(cell, execution)
        output.show(make)
        assert len(kernel.published) == n_displayed, (cell, execution)
    assert made == ["html"], "the page knows it by its name"


def test_without_ids_of_cells_scripts_are_displayed_once(kernel):
    output = scripts.LoadOutput()
    for execution in "123":
        kernel.run("", execution)
        output.show(lambda: "html")
    assert kernel.published == ["html"]
