"""`Explorer` as used in a notebook, without a page: inputs, results and messages."""

import re

import ase.db
import pytest
from ase.calculators.emt import EMT

from quests_core import descriptors, read
from quests_core.potentials import computed_predictions


def test_frames_from_memory_come_back_as_they_are(open_explorer, frames):
    explorer = open_explorer(frames)
    explorer.n_frames = 7
    assert explorer.n_frames == len(explorer.subset) == 7
    assert all(atoms is frames[i] for i, atoms in zip(explorer.indices, explorer.subset, strict=True))
    assert explorer.indices.tolist() == explorer.order[:7].tolist()


@pytest.mark.parametrize("n_frames", [10**6, 25, 0, -1])
def test_sizes_out_of_range_are_refused(open_explorer, file, n_frames):
    explorer = open_explorer(file)
    before = explorer.n_frames
    with pytest.raises(ValueError, match="n_frames: expected"):
        explorer.n_frames = n_frames
    assert explorer.n_frames == before


def test_notes_on_frames(open_explorer, frames):
    assert "note" not in repr(open_explorer(frames))
    for atoms in frames:
        atoms.calc = None
    frames[2].info["final_energy"] = -1.5
    explorer = open_explorer(frames)
    assert explorer.notes == [
        "'final_energy' looks like a label, but is not recognised (frame 2)", "no frame has an energy"
    ]  # fmt: skip
    assert "; 2 notes, see .notes)" in repr(explorer)


def test_results_of_one_explorer_cannot_change_another(open_explorer, file):
    explorer = open_explorer(file)
    explorer.wait()
    entropies, order = explorer.paths["msc"].curve["entropy"].tolist(), explorer.order.tolist()
    curve = explorer.paths["msc"].curve
    curve["entropy"] = 0.0
    explorer.atoms.clear()
    for array in (explorer.order, explorer.indices, explorer.envs.X, explorer.paths["msc"].delta_entropy):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    for again in (explorer, open_explorer(file)):
        assert again.paths["msc"].curve["entropy"].tolist() == entropies
        assert again.order.tolist() == order
        assert len(again.subset) == len(again.indices)


def test_a_database_keeps_its_labels(frames, tmp_path):
    with ase.db.connect(tmp_path / "copper.db") as database:
        for atoms in frames:
            database.write(atoms, config_type=atoms.info["config_type"])
    labels = [atoms.info["config_type"] for atoms in read(tmp_path / "copper.db")]
    assert labels == [atoms.info["config_type"] for atoms in frames]


def test_marks_and_selection_from_python(open_explorer, frames):
    explorer = open_explorer(frames)
    assert explorer.locked == [0], "the isolated atom"
    explorer.excluded = [3, 4]
    assert not {3, 4} & set(explorer.order.tolist())
    explorer.locked = [0, 7]
    assert explorer.order[:2].tolist() == [0, 7]
    explorer.selected = [5, 2, 5]
    assert explorer.selected == [2, 5] == list(explorer.state.selected)
    assert explorer.current is None
    explorer.current = 9
    assert explorer.current == explorer.state.current_env == 9
    explorer.method = "fps"
    assert explorer.method == "fps"
    assert set(explorer.paths) == {"msc", "fps"}
    with pytest.raises(ValueError, match="3 as both"):
        explorer.locked = [0, 3]
    with pytest.raises(ValueError, match="selected: expected frames from 0 to 23, got 24"):
        explorer.selected = [24]
    with pytest.raises(ValueError, match="method"):
        explorer.method = "best"


def test_the_subset_is_written(open_explorer, frames, file, tmp_path):
    explorer = open_explorer(file)
    explorer.n_frames = 5
    explorer.write(tmp_path / "subset.xyz")
    assert len(read(tmp_path / "subset.xyz")) == 5


# Panel's table calls pandas in a deprecated way.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("of_frames", [True, False])
def test_the_saved_page_fetches_nothing(open_explorer, frames, of_frames, tmp_path):
    explorer = open_explorer(frames if of_frames else descriptors(frames))
    page = explorer.save(tmp_path / "page.html").read_text(encoding="utf-8")
    for heading in ("Entropy against diversity", *["Map of environments", "Frames", "Health"] * of_frames):
        assert heading in page
    # Controls that do nothing without Python.
    assert "Download subset" not in page
    assert explorer.state.tab == "overview"
    assert "globalThis.questsMaterial ??=" in page
    assert not re.search(r"<(?:script|link)[^>]*(?:src|href)=[\"']?http", page)
    assert 'ImportedStyleSheet"' not in page[page.rindex("application/json") :]


class Recorder:
    """Stands in for the connection to a page."""

    def __init__(self):
        self.id, self._comm, self.sent = "page", None, []

    def send(self, data=None, metadata=None, buffers=()):
        self.sent.append(data)


def test_changes_are_sent_once_the_page_is_rendered(open_explorer, frames):
    import panel as pn
    from bokeh.document import Document

    explorer, page, document = open_explorer(frames), Recorder(), Document()
    view = explorer.curve.__panel__()
    root = view.get_root(document, page)
    document.add_root(root)
    pn.state._views[root.ref["id"]] = (view, root, document, page)
    try:
        explorer._wire.connect(root.ref["id"])
        explorer.n_frames = 5
        # The page is connected but still rendering, and would discard messages.
        page._comm = page
        explorer.n_frames = 6
        assert page.sent == []
        explorer._wire.begin([root.ref["id"]])
        assert page.sent
        explorer.n_frames = 9
        told = [text for text in page.sent if isinstance(text, str)]
        assert told
        assert "ImportedStyleSheet" not in "".join(told)
        n_sent = len(page.sent)
        explorer._wire.flush()
        assert len(page.sent) == n_sent, "nothing is sent twice"
    finally:
        del pn.state._views[root.ref["id"]]


def test_predictions_of_any_calculator_are_shown(open_explorer, frames):
    explorer = open_explorer(frames)
    assert explorer.predictions == {}
    explorer.predictions = {"EMT": computed_predictions(explorer.atoms, EMT())}
    assert list(explorer.state.predictions) == ["EMT"]
    assert explorer.predictions["EMT"].forces.shape == (explorer.envs.n_envs, 3)
    with pytest.raises(
        ValueError, match=r"predictions\['bad'\]: expected energies and forces of shapes \(24,\)"
    ):
        explorer.predictions = {"bad": computed_predictions(explorer.atoms[:3], EMT())}
