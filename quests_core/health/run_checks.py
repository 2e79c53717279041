"""Every check of a data set in turn."""

from ..environments import Environments
from ..io.dataset import DataSet
from . import labels, structures
from .finding import SEVERITIES, Finding


def check(dataset: DataSet, envs: Environments, cutoff: float, progress=None) -> list[Finding]:
    """Return everything that looks wrong in a data set, the gravest first.

    Parameters
    ----------
    dataset : DataSet
        The file.
    envs : Environments
        Its default descriptors: a row whose first value is 0 has no neighbour.
    cutoff : float
        Å.
    progress : Progress, optional
        Told after each check; ends the work where it is cancelled.
    """
    frames = dataset.frames
    checks = (
        lambda: labels.labels(dataset),
        lambda: labels.names(dataset),
        lambda: labels.energies(frames),
        lambda: labels.forces(dataset, envs),
        lambda: labels.net_forces(frames),
        lambda: structures.cells(frames, cutoff),
        lambda: structures.duplicates(frames, envs),
        lambda: structures.isolated_atoms(dataset, envs),
        lambda: structures.overlaps(frames, envs, cutoff),
        lambda: structures.compositions(dataset),
    )
    found: list[Finding] = []
    for done, run in enumerate(checks):
        found += run()
        if progress is not None:
            progress("checks", done + 1, len(checks))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
