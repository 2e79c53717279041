"""Run all checks of a data set."""

from ..environments import Environments
from ..io.dataset import DataSet
from . import labels, structures
from .finding import SEVERITIES, Finding
from .near_pairs import conflicting_labels


def check(
    dataset: DataSet, envs: Environments, cutoff: float, progress=None, species: bool = False
) -> list[Finding]:
    """Run all checks, and return their findings sorted by severity.

    Parameters
    ----------
    dataset : DataSet
        The data set.
    envs : Environments
        Its descriptors.
    cutoff : float
        Cutoff of the descriptors, Å.
    progress : callable, optional
        See `quests_core.progress`; called after each check.
    species : bool
        Whether the descriptors distinguish elements.
    """
    frames = dataset.frames
    checks = (
        lambda: labels.labels(dataset),
        lambda: labels.names(dataset),
        lambda: labels.unusable(frames),
        lambda: labels.energies(frames),
        lambda: labels.stresses(frames),
        lambda: labels.forces(dataset, envs),
        lambda: labels.net_forces(frames),
        lambda: structures.cells(frames, cutoff),
        lambda: structures.duplicates(frames, envs),
        lambda: conflicting_labels(dataset, envs, species, progress),
        lambda: structures.isolated_atoms(dataset, envs),
        lambda: structures.overlaps(frames, envs, cutoff),
        lambda: structures.compositions(dataset, species),
    )
    found: list[Finding] = []
    for done, run in enumerate(checks):
        found += run()
        if progress is not None:
            progress("checks", done + 1, len(checks))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
