"""Information in sets of atomic structures: entropy, novelty, and selection of informative subsets."""

from typing import TYPE_CHECKING, Any

from .descriptors.describe import descriptors
from .descriptors.per_element import species_descriptors
from .environments import Environments
from .information.approximate import ApproximateDeltaEntropy, approx_delta_entropy
from .information.bandwidth import (
    bandwidth_curve,
    bandwidth_from_entropy,
    bandwidth_from_frames,
    bandwidth_from_volume,
)
from .information.curve import CompressionPath, compression_curve, compression_path
from .information.entropy import delta_entropy, diversity, entropy, overlap
from .information.estimate import DiversityEstimate, EntropyEstimate, estimate_diversity, estimate_entropy
from .information.learning_curve import InformationGap, information_gap, learning_curve
from .io.iread import iread
from .io.labels import atoms_energy, atoms_forces
from .io.read import read
from .io.write import write_subset
from .kernel_sums.merging import merge_error_bound
from .kernel_sums.sums import log_kernel_sum
from .potentials import PotentialComparison, compare_potentials
from .progress import Cancelled, Progress
from .published import datasets, load
from .selection import METHODS, Selection, Strata, exchange, select, select_in_chunks
from .selection.seed_repeats import repeated_curves
from .selection.stopping import knee, smallest_subset
from .utils.threads import get_num_threads, set_num_threads

if TYPE_CHECKING:
    from .selection.frame_selector import FrameSelector

__all__ = [
    "METHODS",
    "ApproximateDeltaEntropy",
    "Cancelled",
    "CompressionPath",
    "DiversityEstimate",
    "EntropyEstimate",
    "Environments",
    "FrameSelector",
    "InformationGap",
    "PotentialComparison",
    "Progress",
    "Selection",
    "Strata",
    "approx_delta_entropy",
    "atoms_energy",
    "atoms_forces",
    "bandwidth_curve",
    "bandwidth_from_entropy",
    "bandwidth_from_frames",
    "bandwidth_from_volume",
    "compare_potentials",
    "compression_curve",
    "compression_path",
    "datasets",
    "delta_entropy",
    "descriptors",
    "diversity",
    "entropy",
    "estimate_diversity",
    "estimate_entropy",
    "exchange",
    "get_num_threads",
    "information_gap",
    "iread",
    "knee",
    "learning_curve",
    "load",
    "log_kernel_sum",
    "merge_error_bound",
    "overlap",
    "read",
    "repeated_curves",
    "select",
    "select_in_chunks",
    "set_num_threads",
    "smallest_subset",
    "species_descriptors",
    "write_subset",
]


def __getattr__(name: str) -> Any:
    """Import what needs scikit-learn when it is first used."""
    if name == "FrameSelector":
        from .selection.frame_selector import FrameSelector

        return FrameSelector
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
