"""The selection methods of the dashboard, in one table."""

from dataclasses import dataclass

# Starts from the kernel sums of a reference; available once one is chosen.
MSC_WITH_REFERENCE = "msc with reference"


@dataclass(frozen=True)
class MethodInfo:
    """A selection method as the dashboard shows it.

    Attributes
    ----------
    help : str
        Tooltip: how it selects frames.
    color : str
        Colour of the Okabe–Ito palette, distinct for all kinds of colour vision.
    dash : str
        Line dash of its curves.
    nested : bool
        Whether its subsets are nested, as the slider requires; others are in the library only.
    seeded : bool
        Whether its order depends on a seed; several seeds give a band.
    needs_properties : bool
        Whether it needs properties of the frames; such methods are in the library and the command only.
    """

    help: str
    color: str = ""
    dash: str = "solid"
    nested: bool = True
    seeded: bool = False
    needs_properties: bool = False


METHOD_INFO = {
    "balanced": MethodInfo(
        "takes the frame that keeps overlap, information loss and diversity farthest ahead of msc.",
        color="#D55E00",
    ),
    "msc": MethodInfo(
        "minimum set cover: takes the frame with the highest sum of its largest δH and its own entropy.",
        color="#0072B2",
    ),
    "information_loss": MethodInfo(
        "takes the frame that lowers the sum of δH over all environments most.",
        color="#8C6D1F",
        dash="dashed",
    ),
    "coverage": MethodInfo(
        "takes the frame that covers most of what is left; outliers count no more than others.",
        color="#56B4E9",
        dash="dashed",
    ),
    "fps": MethodInfo(
        "farthest-point sampling; two frames are as far apart as their environments are on average.",
        color="#009E73",
        dash="dashed",
    ),
    "mean_fps": MethodInfo(
        "farthest-point sampling on the mean descriptor of each frame.",
        color="#CC79A7",
        dash="dotdash",
        seeded=True,
    ),
    "maxvol": MethodInfo(
        "MaxVol: takes the frames of D-optimal active sets, as for the potentials MTP and ACE.",
        color="#785EF0",
        dash="dashed",
    ),
    "cur": MethodInfo(
        "takes the frame that contributes most to the first principal component of what is left (CUR).",
        color="#AA3377",
        dash="dotdash",
    ),
    "random": MethodInfo(
        "uniformly at random with seed 0, the baseline to beat.",
        color="#E69F00",
        dash="dotted",
        seeded=True,
    ),
    MSC_WITH_REFERENCE: MethodInfo(
        "like msc, but starts from the environments of a reference file; see Compare.",
        color="#DC267F",
    ),
    "k_means": MethodInfo(
        "has no nested order that a slider could cut; it is in the library only.",
        nested=False,
    ),
    "direct": MethodInfo(
        "takes one frame of each BIRCH cluster (DIRECT), in no nested order; it is in the library only.",
        nested=False,
    ),
    "pcov_fps": MethodInfo(
        "farthest-point sampling on mean descriptors and energies; it is in the library only.",
        needs_properties=True,
    ),
}
METHODS = tuple(name for name, info in METHOD_INFO.items() if info.nested and not info.needs_properties)
NESTED_METHODS = tuple(name for name in METHODS if name != MSC_WITH_REFERENCE)
SEEDED_METHODS = tuple(name for name in METHODS if METHOD_INFO[name].seeded)
# The first is active and the library's default. The others are for comparison.
DEFAULT_METHODS = ("balanced", "msc", "random")
# Takes a tenth of the time of `balanced` at 27,000 environments.
QUICK = "msc"
