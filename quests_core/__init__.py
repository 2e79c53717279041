"""Information in sets of atomic structures: how much there is, what repeats, what to keep."""

from ._numba import get_num_threads, set_num_threads
from .approximate import ApproximateDeltaEntropy, approx_delta_entropy
from .bandwidth import (
    bandwidth_curve,
    bandwidth_from_entropy,
    bandwidth_from_frames,
    bandwidth_from_volume,
)
from .curve import CompressionPath, compression_curve, compression_path
from .descriptors import descriptors
from .entropy import delta_entropy, diversity, entropy, overlap
from .environments import Environments
from .io import atoms_energy, atoms_forces, read, write_subset
from .kernel import log_kernel_sum
from .learning import InformationGap, information_gap, learning_curve
from .named import datasets, load
from .progress import Cancelled, Progress
from .repeats import repeated_curves
from .sampling import EntropyEstimate, estimate_entropy
from .selection import METHODS, Selection, Strata, exchange, select, select_in_chunks
from .species import species_descriptors
from .targets import knee, smallest_subset

__all__ = [
    "METHODS",
    "ApproximateDeltaEntropy",
    "Cancelled",
    "CompressionPath",
    "EntropyEstimate",
    "Environments",
    "InformationGap",
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
    "compression_curve",
    "compression_path",
    "datasets",
    "delta_entropy",
    "descriptors",
    "diversity",
    "entropy",
    "estimate_entropy",
    "exchange",
    "get_num_threads",
    "information_gap",
    "knee",
    "learning_curve",
    "load",
    "log_kernel_sum",
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
