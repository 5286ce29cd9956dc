"""Where people live, and how many: demand points and their weights."""

from circles.demand.buildings import is_home, residential_floor_area
from circles.demand.cells import Cells, cells_of_communities, spread_evenly
from circles.demand.comparison import Comparison, compare_totals
from circles.demand.cutting import PIECE_M, communities_of_points
from circles.demand.density import settings_by_density
from circles.demand.layers import cells_from_layer, demand_from_layer
from circles.demand.model import FLOOR_AREA, FRONTAGE, PEOPLE, Demand, GroupWeights
from circles.demand.people_grid import Raster
from circles.demand.points import (
    demand_from_addresses,
    demand_from_buildings,
    group_weights,
    with_frontage,
)
from circles.demand.rasters import cells_from_rasters, demand_from_rasters
from circles.demand.spreading import spread_over_buildings

__all__ = [
    "FLOOR_AREA",
    "FRONTAGE",
    "PEOPLE",
    "PIECE_M",
    "Cells",
    "Comparison",
    "Demand",
    "GroupWeights",
    "Raster",
    "cells_from_layer",
    "cells_from_rasters",
    "cells_of_communities",
    "communities_of_points",
    "compare_totals",
    "demand_from_addresses",
    "demand_from_buildings",
    "demand_from_layer",
    "demand_from_rasters",
    "group_weights",
    "is_home",
    "residential_floor_area",
    "settings_by_density",
    "spread_evenly",
    "spread_over_buildings",
    "with_frontage",
]
