"""A data set with its environments."""

from dataclasses import dataclass, replace
from pathlib import Path

from quests_core import Environments, descriptors
from quests_core.health import Finding, check
from quests_core.io.dataset import DataSet

from .parameters import Parameters


@dataclass(frozen=True, eq=False)
class AnalysedDataset:
    """A data set with its environments, and how many seconds these took to compute, where that is known."""

    dataset: DataSet
    parameters: Parameters
    envs: Environments
    seconds: float | None = None

    @property
    def key(self) -> tuple:
        """Hash of the file and parameters, which determine every result."""
        return self.dataset.sha256, self.parameters

    @property
    def source(self) -> Path | tuple[Path, ...]:
        """The file, the files, or the store that was opened."""
        return self.dataset.source if self.envs.store is None else self.envs.store.path

    def source_for(self, parameters: Parameters) -> Path | tuple[Path, ...]:
        """Return what to open for other parameters: the store, if its descriptors have them."""
        other = replace(parameters, bandwidth=self.parameters.bandwidth)
        return self.source if other == self.parameters else self.dataset.source

    @property
    def descriptor_key(self) -> tuple:
        """Hash of the file and the parameters that determine its descriptors, but not the bandwidth."""
        own = self.parameters
        return self.dataset.sha256, own.precomputed, own.k, own.cutoff, own.species


def environments(dataset: DataSet, parameters: Parameters, progress=None) -> Environments:
    """Return the descriptors of all atoms of `dataset`."""
    if parameters.precomputed:
        raise ValueError("parameters: expected computed descriptors, got precomputed ones")
    return descriptors(
        dataset.frames,
        k=parameters.k,
        cutoff=parameters.cutoff,
        species=list(dataset.elements) if parameters.species else None,
        progress=progress,
    )


def check_dataset(opened: AnalysedDataset, progress=None) -> list[Finding]:
    """Return the results of the checks of a data set."""
    parameters = opened.parameters
    return check(opened.dataset, opened.envs, parameters.cutoff, progress, parameters.species)
