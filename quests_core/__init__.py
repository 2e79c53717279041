"""Information in sets of atomic structures: how much there is, what repeats, what to keep."""

from ._numba import get_num_threads, set_num_threads
from .bandwidth import bandwidth_from_volume
from .curve import CompressionPath, compression_curve, compression_path
from .descriptors import descriptors
from .entropy import delta_entropy, diversity, entropy, learning_curve, overlap
from .environments import Environments
from .io import atoms_energy, atoms_forces, read, write_subset
from .kernel import log_kernel_sum
from .named import datasets, load
from .progress import Cancelled, Progress
from .selection import METHODS, Selection, select

__all__ = [
    "METHODS",
    "Cancelled",
    "CompressionPath",
    "Environments",
    "Progress",
    "Selection",
    "atoms_energy",
    "atoms_forces",
    "bandwidth_from_volume",
    "compression_curve",
    "compression_path",
    "datasets",
    "delta_entropy",
    "descriptors",
    "diversity",
    "entropy",
    "get_num_threads",
    "learning_curve",
    "load",
    "log_kernel_sum",
    "overlap",
    "read",
    "select",
    "set_num_threads",
    "write_subset",
]
