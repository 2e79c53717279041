"""Compute the results of the demo that ship with the package: ``python scripts/make_demo_results.py``.

Run it after a change of the demo, of the default methods, or of what they compute;
tests/app/analysis/test_demo_preview.py compares the file with computed results. UMAP's coordinates depend on
the machine; every other number is the same everywhere, to the precision that is stored.
"""

import argparse
import logging
from pathlib import Path

import numpy as np

from quests_app.analysis import demo_preview
from quests_app.analysis.analysed_dataset import AnalysedDataset, check_dataset, environments
from quests_app.analysis.label_entropies import label_entropies
from quests_app.analysis.map_placement import embed, pca
from quests_app.analysis.method_path import method_path
from quests_app.analysis.methods import DEFAULT_METHODS
from quests_app.analysis.parameters import Marks, Parameters, load
from quests_app.jobs.umap_process import umap
from quests_app.session.controller import DEMO

log = logging.getLogger("make_demo_results")


def compute(with_umap: bool = True) -> demo_preview.DemoPreview:
    """Compute everything; without UMAP, its coordinates are zero."""
    dataset, parameters = load(DEMO), Parameters()
    opened = AnalysedDataset(dataset, parameters, environments(dataset, parameters))
    marks = Marks(locked=dataset.locked)
    paths = tuple(demo_preview.shortened(method_path(opened, method, marks)) for method in DEFAULT_METHODS)
    X = opened.envs.X
    return demo_preview.DemoPreview(
        dataset.sha256,
        marks,
        paths,
        pca(X),
        embed(X, lambda rows, _: umap(rows)) if with_umap else np.zeros((len(X), 2)),
        label_entropies(opened, marks),
        tuple(check_dataset(opened)),
    )


def main() -> None:
    """Compute and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=demo_preview.FILE)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    demo_preview.save(compute(), options.output)
    log.info("%s: %.2f MB", options.output, options.output.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
