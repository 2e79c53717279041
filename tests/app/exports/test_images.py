"""Images show texts from files as they are."""

from xml.etree import ElementTree

import numpy as np
import pytest

from quests_app import plots
from quests_app.exports.images import images
from quests_app.plots.elements.options import titled
from quests_app.plots.sets import short_names
from quests_core.utils.escape import terminal
from tests.core.ugly_texts import TEXTS

SVG = "{http://www.w3.org/2000/svg}"


def everywhere(texts):
    """Return figures with texts wherever one has some from a file: ticks, legend, title, colour bar."""
    xy = np.random.default_rng(0).normal(size=(len(texts), 2))
    yield plots.redundancy({text: (1.0, 9) for text in texts})
    yield plots.overlap_matrix(np.eye(6), texts[:6])
    yield titled(plots.environment_map(xy, np.array(texts[:8] * len(texts))[: len(texts)]), texts[-1])
    yield plots.environment_map(xy, xy[:, 0], title=texts[-2])


@pytest.mark.filterwarnings("ignore:Glyph.*missing from font")
def test_images_show_texts_literally():
    texts = [text for text in TEXTS if text]
    shown = set()
    for element in everywhere(texts):
        files = images(element, ("svg", "png"))
        drawn = ElementTree.fromstring(files["svg"])
        shown |= {"".join(node.itertext()).strip().replace("\u200b", "") for node in drawn.iter(f"{SVG}text")}
        assert files["png"].startswith(b"\x89PNG")
        assert not list(drawn.iter(f"{SVG}script"))
    for text in short_names([terminal(text) for text in texts]):
        for line in filter(str.strip, text.split("\n")):
            assert line.strip() in shown
    for text in (*(f"{text} 1" for text in texts[:8]), *texts[-2:]):
        assert any(terminal(text).split("\n")[0].strip() in one for one in shown)
