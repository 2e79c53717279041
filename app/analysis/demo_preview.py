"""Results of the demo that ship with the package, so that its plots appear before anything is computed.

They are previews: at a few sizes, with δH in half precision, and replaced as soon as the results themselves
are computed. ``scripts/make_demo_results.py`` writes them.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from quests_core.health.finding import Finding
from quests_core.io.dataset import DataSet

from .label_entropies import LabelEntropies
from .method_path import MethodPath, curve_sizes
from .parameters import Marks, Parameters

FILE = Path(__file__).parents[1] / "assets" / "demo_results.npz"
# Number of sizes of the paths, besides the marked fractions.
N_SIZES = 17


@dataclass(frozen=True, eq=False)
class PreviewPath(MethodPath):
    """A path at a few sizes, displayed until the path with all sizes is computed."""

    is_preview: ClassVar[bool] = True


@dataclass(frozen=True, eq=False)
class DemoPreview:
    """What the page shows of the demo.

    Attributes
    ----------
    sha256 : str
        Hash of the file that they belong to.
    marks : Marks
        The frames that are locked by default.
    paths : tuple of PreviewPath
        Of the default methods.
    pca, umap : ndarray of shape (n_envs, 2)
        Coordinates of the map.
    labels : LabelEntropies
        Entropy of each label.
    findings : tuple of Finding
        Results of the checks of the data set.
    """

    sha256: str
    marks: Marks
    paths: tuple[PreviewPath, ...]
    pca: np.ndarray
    umap: np.ndarray
    labels: LabelEntropies
    findings: tuple[Finding, ...]


def preview_of(dataset: DataSet, parameters: Parameters) -> DemoPreview | None:
    """Return the preview of a data set; None unless it is the demo with the default parameters."""
    if parameters != Parameters() or not FILE.exists():
        return None
    preview = _read()
    return preview if preview.sha256 == dataset.sha256 else None


def shortened(path: MethodPath) -> PreviewPath:
    """Return a path at a few of its sizes: some evenly spaced ones, and the marked fractions."""
    n_frames = len(path.order)
    wanted = curve_sizes(n_frames, path.delta_entropy.shape[1], len(path.marks.locked), N_SIZES)
    rows = np.unique([path.position(size) for size in wanted])
    curve = path.slider_curve.iloc[rows].reset_index(drop=True)
    return PreviewPath(path.method, path.order, curve, path.delta_entropy[rows], path.marks)


def save(preview: DemoPreview, file: Path = FILE) -> None:
    """Write a preview."""
    paths, labels = preview.paths, preview.labels
    described = {
        "sha256": preview.sha256,
        "locked": preview.marks.locked,
        "methods": [path.method for path in paths],
        "columns": list(paths[0].curve),
        "labels": labels.names,
        "left_out": labels.left_out,
        "findings": [asdict(finding) for finding in preview.findings],
    }
    arrays: dict[str, np.ndarray] = {
        "described": np.frombuffer(json.dumps(described).encode(), dtype=np.uint8),
        "pca": preview.pca.astype(np.float32),
        "umap": preview.umap.astype(np.float32),
        "label_entropies": labels.entropies,
        "label_counts": labels.n_envs,
        "orders": np.array([path.order for path in paths]),
        "curves": np.array([path.curve.to_numpy(dtype=float) for path in paths]),
        "delta_entropy": np.array([path.delta_entropy.astype(np.float16) for path in paths]),
    }
    np.savez_compressed(file, allow_pickle=False, **arrays)


@cache
def _read(file: Path = FILE) -> DemoPreview:
    with np.load(file, allow_pickle=False) as arrays:
        described = json.loads(arrays["described"].tobytes())
        marks = Marks(locked=tuple(described["locked"]))
        parts = zip(
            described["methods"], arrays["orders"], arrays["curves"], arrays["delta_entropy"], strict=True
        )
        paths = tuple(
            PreviewPath(method, order, _curve(described["columns"], curve), delta.astype(np.float32), marks)
            for method, order, curve, delta in parts
        )
        labels = LabelEntropies(
            tuple(described["labels"]),
            arrays["label_entropies"],
            arrays["label_counts"],
            described["left_out"],
        )
        pca, umap = (arrays[name].astype(np.float64) for name in ("pca", "umap"))
    findings = tuple(Finding(**{**one, "frames": tuple(one["frames"])}) for one in described["findings"])
    return DemoPreview(described["sha256"], marks, paths, pca, umap, labels, findings)


def _curve(columns: list[str], values: np.ndarray) -> pd.DataFrame:
    curve = pd.DataFrame(values, columns=columns)
    return curve.astype({name: np.int64 for name in ("n_frames", "n_envs") if name in columns})
