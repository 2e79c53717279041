"""Rasterize points to an image that shows every one of them.

A pixel is a colour index from 0 to 255: 0 is empty, and points have indices from 1, of which the higher are
drawn on top, unless points of several colours share a layer: then each colour shows by its share.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Larger images are drawn at a lower resolution.
_MAX_PIXELS = 1_500_000
_FEW, _SOME = 2_000, 60_000


@dataclass(frozen=True, eq=False)
class Raster:
    """Positions of points in an image of a range of the plane.

    Attributes
    ----------
    shape : tuple of int
        Height and width.
    rows : ndarray of shape (n_visible,)
        Indices of the points within the range.
    pixels : ndarray of shape (n_visible,)
        Flat pixel index of each, row by row from the bottom.
    radius : int
        Radius of a drawn point in pixels, beyond its own.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    pixels: np.ndarray
    radius: int

    @classmethod
    def of(cls, xy: np.ndarray, x_range, y_range, size: tuple[int, int]) -> "Raster":
        """Rasterize the points `xy` for an image of `size` = (width, height) in pixels."""
        width, height = (max(1, int(length)) for length in size)
        shrink = max(1.0, np.sqrt(width * height / _MAX_PIXELS))
        width, height = int(width / shrink), int(height / shrink)
        column = (xy[:, 0] - x_range[0]) * (width / (x_range[1] - x_range[0]))
        line = (xy[:, 1] - y_range[0]) * (height / (y_range[1] - y_range[0]))
        rows = np.flatnonzero((column >= 0) & (column < width) & (line >= 0) & (line < height))
        pixels = line[rows].astype(np.int32) * width + column[rows].astype(np.int32)
        radius = 3 if len(rows) <= _FEW else 2 if len(rows) <= _SOME else 1
        return cls((height, width), rows, pixels, radius)

    def highest(self, colors: np.ndarray) -> np.ndarray:
        """Return the image with higher colours drawn on top."""
        colors = colors[self.rows]
        order = np.argsort(colors, kind="stable")
        image = np.zeros(self.shape, dtype=np.uint8)
        # The last of several values assigned to one pixel remains.
        image.ravel()[self.pixels[order]] = colors[order]
        return spread(image, self.radius)

    def mixed(self, colors: np.ndarray, layers: np.ndarray) -> np.ndarray:
        """Return the image with higher layers drawn on top, and the colours of a layer mixed."""
        order = self._shuffled
        order = order[np.argsort(layers[self.rows[order]], kind="stable")]
        image = np.zeros(self.shape, dtype=np.int32)
        image.ravel()[self.pixels[order]] = np.arange(1, len(order) + 1)
        shown = np.append(np.uint8(0), colors[self.rows[order]])
        return shown[spread(image, self.radius)]

    @cached_property
    def _shuffled(self) -> np.ndarray:
        return shuffled(self.rows)

    def mean(self, colors: np.ndarray) -> np.ndarray:
        """Return the image of the mean colour of the points in each pixel.

        Points of colour 1 have no value and show only in pixels without others.
        """
        colors = colors[self.rows]
        has_value = colors > 1
        n_pixels = self.shape[0] * self.shape[1]
        counts = np.bincount(self.pixels[has_value], minlength=n_pixels)
        sums = np.bincount(self.pixels[has_value], weights=colors[has_value], minlength=n_pixels)
        flat = np.zeros(n_pixels, dtype=np.uint8)
        flat[self.pixels[~has_value]] = 1
        filled = counts > 0
        flat[filled] = (sums[filled] / counts[filled] + 0.5).astype(np.uint8)
        image = flat.reshape(self.shape)
        return np.where(image > 0, image, spread(image, self.radius))

    def mask(self, chosen: np.ndarray) -> np.ndarray:
        """Return the pixels covered by the points `chosen`, as 0 and 1."""
        image = np.zeros(self.shape, dtype=np.uint8)
        image.ravel()[self.pixels[chosen[self.rows]]] = 1
        return spread(image, self.radius)


def shuffled(rows: np.ndarray) -> np.ndarray:
    """Return an order of `rows` that depends on none of their properties, the same for every selection."""
    return np.argsort(rows.astype(np.uint32) * np.uint32(2654435761), kind="stable")


def spread(image: np.ndarray, radius: int) -> np.ndarray:
    """Return the maximum over a disc around each pixel (grey dilation)."""
    height, width = image.shape
    result = image.copy()
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            # Half a pixel more, so that the disc of radius 1 is round rather than a cross.
            if (down or right) and down * down + right * right <= (radius + 0.5) ** 2:
                target = result[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)]
                source = image[
                    max(0, -down) : height + min(0, -down), max(0, -right) : width + min(0, -right)
                ]
                np.maximum(target, source, out=target)
    return result
