"""Colours shared by the map, the structure and the comparison of sets."""

from bokeh.palettes import Plasma256, Viridis256

FULL_COLOR = "#7a828c"
SELECTED_COLOR = "#D55E00"


# Omit the palest colours, which are invisible on white.
NOVELTY = tuple(Plasma256[::-1][30:240])
DENSITY = tuple(Viridis256[:235])
# Single points, which matter most, are seen on white and on black.
PARITY_DENSITY = tuple(Viridis256[85:235])
# The colour scale ends here: a kernel sum of exp(−10) is no neighbour.
NOVELTY_LIMIT = 10.0
