"""Maps of several countries side by side: laid together without inventing anything, and where they do not line up."""

from hazardmap.neighbours.mosaics import Mosaic, mosaic
from hazardmap.neighbours.seamlines import seams
from hazardmap.neighbours.sourcemaps import SourceMap, source_maps

__all__ = ["Mosaic", "SourceMap", "mosaic", "seams", "source_maps"]
