"""Colours of values that the map, the structure and the comparison of sets share."""

from bokeh.palettes import Plasma256, Viridis256

FULL_COLOR = "#7a828c"


# The palest colours of each are left out: they vanish on white.
NOVELTY = tuple(Plasma256[::-1][30:240])
DENSITY = tuple(Viridis256[:235])
# δH above this gets the strongest colour: exp(−10) of a neighbour is no neighbour.
NOVELTY_LIMIT = 10.0
