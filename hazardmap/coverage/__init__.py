"""Exact coverage of the cells of a raster by shapes: computed once, looked up for every scenario.

:func:`zonal` takes polygons, lines or points, and blocks from whoever reads them (a :class:`Reader`), and adds up per
shape what lies on the cells. :func:`cells` makes shapes of the cells of another raster, so that a population raster is
overlaid like any other asset and its counts are conserved.
"""

from hazardmap.coverage.areas import cell_areas
from hazardmap.coverage.blocks import Block, Curves, Reader, Window, windows_of
from hazardmap.coverage.rasters import cells
from hazardmap.coverage.sums import Zonal, zonal

__all__ = ["Block", "Curves", "Reader", "Window", "Zonal", "cell_areas", "cells", "windows_of", "zonal"]
