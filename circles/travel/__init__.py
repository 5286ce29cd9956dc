"""Points on the network and the least cost between them.

`joining` finds where a point joins; `search` asks for the nearest of many origins, `matrix` for
many origins one by one; `blocks`, `few` and `kernels` hold the compiled loops of both.
`nearest` and `reached` turn answers into tables, `subgraph` into a graph.
"""

from circles.travel.joining import MAX_ACCESS_M, Joiner, Joins
from circles.travel.matrix import BoundedCosts, bounded_costs, cost_matrix, nearest_few_costs
from circles.travel.nearest import travel_times
from circles.travel.reached import reached_edges
from circles.travel.search import CostField, Direction, nearest_cost
from circles.travel.subgraph import reached_graph

__all__ = [
    "MAX_ACCESS_M",
    "BoundedCosts",
    "CostField",
    "Direction",
    "Joiner",
    "Joins",
    "bounded_costs",
    "cost_matrix",
    "nearest_cost",
    "nearest_few_costs",
    "reached_edges",
    "reached_graph",
    "travel_times",
]
