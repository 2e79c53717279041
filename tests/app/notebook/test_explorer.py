"""`Explorer` as used in a notebook, without a page: inputs, results and messages."""

import json
import re

import ase.db
import numpy as np
import pytest

from quests_app import Explorer
from quests_core import Environments, descriptors, read
from quests_core.published.checksums import write_with_checksum
from quests_core.published.fetch import SOURCES


@pytest.fixture
def open_explorer():
    opened = []

    def open_one(*args, **options):
        opened.append(Explorer(*args, **{"umap": False, "methods": ("msc",), **options}))
        return opened[-1]

    yield open_one
    for explorer in opened:
        explorer.close()


def test_frames_from_memory_come_back_as_they_are(open_explorer, frames):
    explorer = open_explorer(frames)
    explorer.n_frames = 7
    assert explorer.n_frames == len(explorer.subset) == 7
    assert all(atoms is frames[i] for i, atoms in zip(explorer.indices, explorer.subset, strict=True))
    assert explorer.indices.tolist() == explorer.order[:7].tolist()


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


def test_all_sources_give_the_same_order(open_explorer, frames, file, tmp_path):
    with ase.db.connect(tmp_path / "copper.db") as database:
        for atoms in frames:
            database.write(atoms, config_type=atoms.info["config_type"])
    orders = [
        open_explorer(source).order.tolist()
        for source in (file, str(file), read(file), tmp_path / "copper.db", database)
    ]
    assert orders.count(orders[0]) == len(orders)


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


def test_precomputed_descriptors_are_used(open_explorer, frames):
    usual = open_explorer(frames)
    rows = np.random.default_rng(0).normal(size=(usual.envs.n_envs, 3))
    envs = Environments(rows, usual.envs.offsets)
    own = open_explorer(frames, envs, bandwidth=0.5)
    assert own.envs is envs
    assert own.order.tolist() != usual.order.tolist()
    alone = open_explorer(envs, bandwidth=0.5)
    assert sorted(alone.order.tolist()) == list(range(len(frames)))
    with pytest.raises(ValueError, match="got descriptors alone"):
        _ = alone.subset
    with pytest.raises(ValueError, match="got descriptors alone"):
        _ = alone.structure


def test_descriptors_must_fit_their_frames(open_explorer, frames):
    with pytest.raises(ValueError, match=f"expected {len(frames)} frames, got {len(frames) - 1}"):
        open_explorer(frames, descriptors(frames[1:]))
    with pytest.raises(ValueError, match="expected 1 rows for frame 0, one per atom, got 4"):
        open_explorer(frames, descriptors(frames[::-1]))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("absent.xyz", FileNotFoundError, "absent.xyz: no such file"),
        (3, TypeError, "got int"),
        ([1, 2], TypeError, "got list"),
        ([], TypeError, "got list"),
    ],
)
def test_unusable_inputs_raise_an_error(data, error, message):
    with pytest.raises(error, match=message):
        Explorer(data)


def test_marks_and_selection_from_python(open_explorer, frames):
    explorer = open_explorer(frames)
    assert explorer.locked == [0], "the isolated atom"
    explorer.excluded = [3, 4]
    assert not {3, 4} & set(explorer.order.tolist())
    explorer.locked = [0, 7]
    assert explorer.order[:2].tolist() == [0, 7]
    explorer.selected = [5, 2, 5]
    assert explorer.selected == [2, 5] == list(explorer.state.selected)
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


def test_a_published_set_by_its_name(open_explorer, file, tmp_path, monkeypatch):
    def refuse(*_):
        raise ConnectionError("no route to host")

    monkeypatch.setenv("QUESTS_CACHE_DIR", str(tmp_path))
    monkeypatch.setitem(SOURCES, "gap20", refuse)
    folder = tmp_path / "datasets" / "gap20"
    folder.mkdir(parents=True)
    write_with_checksum(folder / "Tiny.xyz", [file.read_bytes()])
    explorer = open_explorer("gap20:Tiny")
    assert explorer.order.tolist() == open_explorer(file).order.tolist()
    assert "'gap20:Tiny'" in repr(explorer)
    with pytest.raises(ValueError, match="gap20:Other: not in the cache, and cannot be downloaded"):
        open_explorer("gap20:Other")
    with pytest.raises(FileNotFoundError, match="nothing:there: no such file"):
        open_explorer("nothing:there")


def test_output_for_vs_code(open_explorer, file, monkeypatch):
    """VS Code renders Jupyter widgets; Panel uses them if it detects VS Code."""
    import panel as pn

    widgets = pytest.importorskip("jupyter_bokeh.widgets")
    explorer = open_explorer(file)
    monkeypatch.setattr(pn.config, "comms", "vscode")
    made = []
    monkeypatch.setattr(
        widgets, "BokehModel", lambda *a, kind=widgets.BokehModel, **k: made.append(kind(*a, **k)) or made[-1]
    )
    bundle = explorer.curve._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert set(data) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    (widget,) = made
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert widget._model_module == "@bokeh/jupyter_bokeh"
    content = json.dumps(widget.render_bundle)
    assert "Entropy against diversity" in content
    assert "ImportedStyleSheet" not in content
    assert not explorer._wire._unsent, "a widget sends its changes itself"


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


def test_plots_of_the_current_state_compose(open_explorer, frames, tmp_path):
    import holoviews as hv

    explorer = open_explorer(frames, methods=("msc", "random"))
    explorer.n_frames = 6
    curve = explorer.plots.curve
    assert isinstance(curve, hv.Overlay)
    expected = explorer.paths["msc"].curve
    np.testing.assert_allclose(curve.Path.Msc["entropy"], expected["entropy"])
    (ring,) = [points for points in curve.Ring if points["n_frames"][0] == 6][:1]
    assert float(ring["entropy"][0]) == expected["entropy"][expected["n_frames"] == 6].item()
    both = curve * hv.Curve([(1, 1), (2, 2)], label="mine") + explorer.plots.overlap
    assert len(both) == 2
    hv.save(both, tmp_path / "both.svg", backend="matplotlib")
    assert "mine" in (tmp_path / "both.svg").read_text()
    assert explorer.plots.outliers.Delta.keys() == explorer.plots.delta_entropy.Delta.keys()
    assert "distorted" in list(explorer.plots.redundancy.Bound.Bound_ln_N["set"]), "each label has a bar"
    assert len(explorer.plots.forces.Tail) == 3
    assert explorer.plots.map.Map.I["color"].max() > 0
    with pytest.raises(AttributeError, match="no attribute 'best'"):
        _ = explorer.plots.best
    assert {"curve", "map", "force_tail"} <= set(dir(explorer.plots))


def test_a_live_plot_follows_the_slider(open_explorer, frames):
    import holoviews as hv

    explorer = open_explorer(frames)
    live = explorer.plots(live=True).overlap
    figure = hv.renderer("bokeh").get_plot(live)
    for size in (4, 9):
        explorer.n_frames = size
        assert live[()].Ring.I["n_frames"].tolist() == [size]
        ring = figure.subplots["Ring", "I"].handles["source"].data
        assert ring["percent"].tolist() == [pytest.approx(100 * size / 24)], "the figure is updated"
    explorer.locked = [0, 5]
    assert live[()].Ring.I["n_frames"].tolist() == [9]
