"""Obstacles: rivers, railways and motorways that nobody crosses on the way to a street."""

import numpy as np

from circles.network.edges import Lines
from circles.network.rulings import Rulings
from circles.network.runs import runs_of_ways
from circles.osm import OsmWays


def find_obstacles(ways: OsmWays, rulings: Rulings) -> Lines:
    """Return the lines of all obstacles, as far as the extract has their positions.

    Which ways those are is said by `circles.tag_rules.OBSTACLE_RULES`.

    Parameters
    ----------
    ways
        The ways of an extract.
    rulings
        What the tag rules say of them.
    """
    nowhere = np.zeros(len(ways.node_id), dtype=bool)
    runs = runs_of_ways(ways, rulings.obstacle[: len(ways.way_id)], nowhere).runs
    return Lines(runs.offset, ways.node_lon[runs.node], ways.node_lat[runs.node])
