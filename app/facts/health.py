"""What looks wrong in a data set, each with the frames it names; no screen.

Every check is a function of the data that returns findings; `check` runs them all.
"""

from quests_core import Environments

from . import health_labels, health_structures
from .analysis import DataSet
from .findings import SEVERITIES, Finding


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
        lambda: health_labels.labels(dataset),
        lambda: health_labels.energies(frames),
        lambda: health_labels.forces(dataset, envs),
        lambda: health_labels.net_forces(frames),
        lambda: health_structures.cells(frames, cutoff),
        lambda: health_structures.duplicates(frames, envs),
        lambda: health_structures.lonely(dataset, envs),
        lambda: health_structures.overlaps(frames, envs, cutoff),
        lambda: health_structures.compositions(dataset),
    )
    found: list[Finding] = []
    for done, run in enumerate(checks):
        found += run()
        if progress is not None:
            progress("checks", done + 1, len(checks))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
