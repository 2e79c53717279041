"""Record of how a subset was selected."""

import hashlib

from quests_core.utils.provenance import now, record_bytes, versions

from ..analysis.analysed_dataset import AnalysedDataset
from ..analysis.method_path import MethodPath
from ..analysis.methods import MSC_WITH_REFERENCE
from ..analysis.parameters import RANDOM_STATE, Marks, Parameters
from ..analysis.reference import union

__all__ = ["SUBSET", "record", "record_bytes"]

SUBSET = "subset.xyz"
BY_USER = "excluded by the user"


def record(
    opened: AnalysedDataset, path: MethodPath, n_frames: int, order: str, subset: bytes, file: str = SUBSET
) -> dict:
    """Return everything needed to reproduce, verify and cite a subset, which is saved as `file`."""
    dataset, parameters = opened.dataset, opened.parameters
    return {
        "created": now(),
        "source": {
            "name": dataset.name,
            "sha256": dataset.sha256,
            "n_frames": len(dataset.frames),
            "n_environments": opened.envs.n_envs,
            "elements": list(dataset.elements),
        },
        "subset": {
            "file": file,
            "sha256": hashlib.sha256(subset).hexdigest(),
            "order": order,
            "n_frames": n_frames,
            "indices_by_rank": path.frames(n_frames).tolist(),
        },
        "parameters": {
            "method": _method(path),
            "reference": _reference(path),
            **_descriptor(parameters),
            **parameters.keys,
            "bandwidth_per_angstrom": parameters.bandwidth,
            "species": _species(opened, path) if parameters.species and not parameters.precomputed else None,
            "cost": "frames",
            "locked": list(path.marks.locked),
            "excluded": list(path.marks.excluded),
            "random_state": RANDOM_STATE,
        },
        "removed": removed(path.marks),
        "metrics": {
            "subset": _numbers(path.metrics(n_frames)),
            "full_set": _numbers(path.full_set_metrics),
            "units": {
                "entropy": "nats",
                "diversity": "nats",
                "information_loss": "nats",
                "max_delta_entropy": "nats",
            },
        },
        "versions": versions(),
    }


def removed(marks: Marks) -> list[dict]:
    """Return why each excluded frame was excluded, as the record of ``quests-explorer clean`` does."""
    return [{"frame": frame, "why": list(marks.reasons.get(frame, (BY_USER,)))} for frame in marks.excluded]


def _descriptor(parameters: Parameters) -> dict:
    if parameters.precomputed:
        return {"descriptor": parameters.descriptor or "given", "descriptors_sha256": parameters.precomputed}
    return {"descriptor": "QUESTS X1, X2", "k": parameters.k, "cutoff_angstrom": parameters.cutoff}


def _method(path: MethodPath) -> str:
    """Return the name of the method in the library."""
    return "msc" if path.method == MSC_WITH_REFERENCE else path.method


def _reference(path: MethodPath) -> dict | None:
    """Describe the reference.

    All metrics but entropy and diversity then describe the subset and reference together.
    """
    given = path.reference
    if given is None:
        return None
    return {
        "name": given.name,
        "sha256": given.sha256,
        "n_frames": len(given.envs),
        "n_environments": given.envs.n_envs,
    }


def _species(opened: AnalysedDataset, path: MethodPath) -> list[str]:
    """Return the elements with a block in the descriptor."""
    return list(union(opened.dataset.elements, *([path.reference.elements] if path.reference else [])))


def _numbers(row: dict[str, float]) -> dict[str, float]:
    return {name: int(value) if name in ("n_frames", "n_envs") else value for name, value in row.items()}
