"""Scripts in the outputs of a notebook, compressed: the notebook stores all outputs as text."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

JAVASCRIPT = "application/javascript"
_TAG, _END = f'<script type="{JAVASCRIPT}">', "</script>"
# Scripts run in the order of their outputs, as if they were not compressed.
_UNPACK = """<script>{
  const packed = "{packed}", once = "{once}", before = globalThis.questsScripts;
  const loaded = globalThis.questsLoaded ??= new Set();
  const run = async () => {
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const texts = await new Response(stream).json();
    await Promise.allSettled([before]);
    for (const text of texts) {
      const script = document.createElement("script");
      script.textContent = text;
      document.head.append(script);
      script.remove();
    }
  };
  if (!loaded.has(once)) globalThis.questsScripts = run();
  if (once) loaded.add(once);
}</script>"""


def packed(*scripts: str, once: str = "") -> str:
    """Return HTML that runs scripts one after another; with the name `once`, once in each page.

    Examples
    --------
    >>> len(packed("x = 1; " * 100_000)) < 5000
    True
    """
    data = base64.b64encode(gzip.compress(json.dumps(scripts).encode(), mtime=0)).decode()
    return _UNPACK.replace("{once}", once).replace("{packed}", data)


def with_packed_script(html: str) -> str:
    """Compress the script at the end of the HTML of a view; return other HTML unchanged."""
    before, tag, rest = html.partition(_TAG)
    return before + packed(rest.removesuffix(_END)) if tag and rest.endswith(_END) else html


@contextmanager
def collected() -> Iterator[list[str]]:
    """Collect the scripts published within the context instead of publishing them.

    Panel publishes each under two types, for JupyterLab and for others. Only the publisher of ipykernel has
    hooks; with another, the scripts are published.
    """
    from IPython import get_ipython

    publisher = getattr(get_ipython(), "display_pub", None)
    scripts: list[str] = []

    def collect(message: dict) -> dict | None:
        script = message["content"].get("data", {}).get(JAVASCRIPT)
        if script is None:
            return message
        scripts.append(script)
        return None

    if publisher is None or not hasattr(publisher, "register_hook"):
        yield scripts
        return
    publisher.register_hook(collect)
    try:
        yield scripts
    finally:
        publisher.unregister_hook(collect)


def running_cell() -> tuple[str, str]:
    """Return the ids of the running cell and of its execution; "" if the front end does not send them."""
    from IPython import get_ipython

    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId", ""), parent.get("header", {}).get("msg_id", "")


class LoadOutput:
    """The output with the scripts that all views need: displayed once, and by its cell each time it runs.

    A cell that runs again loses its output, and the stored notebook would lose the scripts.
    """

    def __init__(self):
        self._html, self._cell, self._execution = "", "", ""

    def show(self, make: Callable[[], str]) -> None:
        """Display the output, which `make` returns, unless it is displayed already."""
        from IPython.display import HTML, display

        cell, execution = running_cell()
        is_lost = cell != "" and cell == self._cell and execution != self._execution
        if self._html and not is_lost:
            return
        self._html, self._cell, self._execution = self._html or make(), cell, execution
        display(HTML(self._html))
