"""Bandwidth of the kernel from the density of the material."""

import math

from ._validation import check_positive


def bandwidth_from_volume(volume: float) -> float:
    r"""Return a bandwidth suited to a volume per atom.

    .. math:: h(V) = 0.0897141 \, \exp\left[-\frac{1}{2} \left(\frac{V}{10.896}\right)²\right] + 0.0119417

    Parameters
    ----------
    volume : float
        V, Å³/atom.

    Returns
    -------
    float
        h, Å⁻¹.

    Raises
    ------
    TypeError, ValueError
        If `volume` is not a positive number.

    References
    ----------
    Nat. Commun. 16, 4014 (2025), doi 10.1038/s41467-025-59232-0.

    Examples
    --------
    >>> round(bandwidth_from_volume(11.5), 4)  # near fcc copper
    0.0633
    """
    volume = check_positive(volume, "volume")
    return 0.0897141 * math.exp(-0.5 * (volume / 10.896) ** 2) + 0.0119417
