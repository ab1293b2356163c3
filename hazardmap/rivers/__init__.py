"""Rivers: which reach floods a cell, and from which countries its water comes.

Flow directions (D8: each cell drains to one of its eight neighbours) tell where water runs. Every cell of a river of
some size is a *source*; all cells that drain to it first carry its number. A source is described by the share that each
country has in the area (or in the runoff) upstream of it: a share of upstream area, never a cause.

D8 cannot split a river and knows no dikes. Where it is wrong (diked lowland) the source is unknown, unless an explicit
link carries a river's water on into its branches.
"""

from hazardmap.rivers.network import upstream_area
from hazardmap.rivers.points import nearest_gauge, snap
from hazardmap.rivers.screening import height_above_drainage, screening_depth
from hazardmap.rivers.sources import Reaches, at_cells, reaches

__all__ = [
    "Reaches",
    "at_cells",
    "height_above_drainage",
    "nearest_gauge",
    "reaches",
    "screening_depth",
    "snap",
    "upstream_area",
]
