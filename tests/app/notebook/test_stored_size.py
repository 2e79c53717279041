"""Size of a notebook stored with its outputs."""

import json

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

CELLS = (
    "from ase.build import bulk\nfrom quests_app import Explorer\n"
    "frames = [bulk('Cu', a=a, cubic=True) for a in (3.5, 3.6, 3.6, 3.7)]\n"
    "explorer = Explorer(frames, umap=False, methods=('msc',))",
    "explorer",
    "explorer.map",
)
# Bytes of the outputs: scripts, dashboard, map.
LIMITS = (2_500_000, 800_000, 200_000)


@pytest.mark.slow
@pytest.mark.jit
def test_a_dashboard_and_a_map_take_less_than_4_megabytes(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [[output.get("data", {}) for output in cell.outputs] for cell in notebook.cells]
    sizes = [len(json.dumps(cell)) for cell in outputs]
    assert all(size < limit for size, limit in zip(sizes, LIMITS, strict=True)), sizes
    # Only JupyterLab with Panel's extension knows this type; it had a second copy of each script.
    assert not any("application/vnd.holoviews_load.v0+json" in data for cell in outputs for data in cell)
