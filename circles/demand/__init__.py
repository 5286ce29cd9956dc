"""Where people live, and how many: demand points and their weights."""

from circles.demand.buildings import is_home, residential_floor_area
from circles.demand.density import settings_by_density
from circles.demand.points import (
    FLOOR_AREA,
    FRONTAGE,
    PEOPLE,
    Demand,
    GroupWeights,
    communities_of_points,
    demand_from_buildings,
    demand_from_layer,
    group_weights,
    with_frontage,
)

__all__ = [
    "FLOOR_AREA",
    "FRONTAGE",
    "PEOPLE",
    "Demand",
    "GroupWeights",
    "communities_of_points",
    "demand_from_buildings",
    "demand_from_layer",
    "group_weights",
    "is_home",
    "residential_floor_area",
    "settings_by_density",
    "with_frontage",
]
