"""Where one waits: at crossings, signals, level crossings and lifts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from circles.crs import FloatArray
from circles.network.edges import BoolArray, IndexArray, IntArray
from circles.network.rulings import Rulings
from circles.network.runs import Runs, SmallArray
from circles.osm.tags import Tags
from circles.walking import Kind, Onto, Wait, wait_at

#: Tracks this close to each other, metres, are crossed at one level crossing.
ONE_CROSSING_M: Final = 30.0
_METRES_A_DEGREE: Final = 111_200.0
_STREETS_MEET: Final = 3  # ends of streets, at a node where one has to choose


@dataclass(frozen=True)
class WaitPoints:
    """What one waits for at each node of a table, and before walking on onto which ways.

    Parameters
    ----------
    wait, onto
        A `circles.walking.Wait` and a `circles.walking.Onto`, int8, shape (nodes,).
    """

    wait: SmallArray
    onto: SmallArray


def find_wait_points(tags: Sequence[Tags], node: IntArray, nodes: int) -> WaitPoints:
    """Find out what one waits for at each node.

    Parameters
    ----------
    tags
        Tags of some nodes.
    node
        Those nodes, shape (tags,).
    nodes
        Number of all nodes.
    """
    wait = np.zeros(nodes, dtype=np.int8)
    onto = np.zeros(nodes, dtype=np.int8)
    wait[node] = [wait_at(each)[0] for each in tags]
    onto[node] = [wait_at(each)[1] for each in tags]
    return WaitPoints(wait, onto)


def set_waits(
    runs: Runs, rulings: Rulings, points: WaitPoints, lon: FloatArray, lat: FloatArray
) -> Runs:
    """Say of the ends of runs what one waits for on leaving the node there onto the run.

    The rules are `circles.tag_rules.WAIT_RULES`. Lifts are waited for at either end, wherever
    they are drawn as ways or areas; level crossings side by side are one.

    Parameters
    ----------
    runs
        Runs that end at every node where others begin, and at every node where one waits.
    rulings
        What the tag rules say of their ways.
    points
        What one waits for at each node.
    lon, lat
        Positions of all nodes, degrees.
    """
    lift = rulings.lift[runs.way]
    there = points.wait != Wait.NONE
    there[runs.start[lift]] = there[runs.end[lift]] = True
    rows = np.flatnonzero(there[runs.start] | there[runs.end])
    start, end = _waits(runs.take(rows), rulings, points)
    between = (start == Wait.LEVEL_CROSSING) & (end == Wait.LEVEL_CROSSING)
    between[between] = _spans_m(runs.take(rows[between]), lon, lat) < ONE_CROSSING_M
    start[between] = end[between] = Wait.NONE
    wait_start, wait_end = runs.wait_start.copy(), runs.wait_end.copy()
    wait_start[rows], wait_end[rows] = start, end
    return replace(runs, wait_start=wait_start, wait_end=wait_end)


def _waits(runs: Runs, rulings: Rulings, points: WaitPoints) -> tuple[SmallArray, SmallArray]:
    """Return the waits at the starts and the ends of all runs that end where one waits."""
    kind, lift = rulings.kind[runs.way], rulings.lift[runs.way]
    nodes = len(points.wait)
    street_ends = _ends_at(runs, (kind == Kind.MAIN_STREET) | (kind == Kind.STREET), nodes)
    lift_ends, other_ends = _ends_at(runs, lift, nodes), _ends_at(runs, ~lift, nodes)
    onto_paths = (points.onto == Onto.PATHS) | (
        (points.onto == Onto.JUNCTIONS) & (street_ends < _STREETS_MEET)
    )
    at_lift = (points.wait == Wait.LIFT) & (lift_ends > 0)  # its ways are waited for, no others

    def at(node: IndexArray) -> SmallArray:
        holds = (~onto_paths[node] | (kind == Kind.PATH)) & ~at_lift[node]
        wait = np.where(holds, points.wait[node], np.int8(Wait.NONE))
        wait[lift & (other_ends[node] > 0)] = Wait.LIFT
        return wait

    return at(runs.start), at(runs.end)


def _ends_at(runs: Runs, which: BoolArray, nodes: int) -> IntArray:
    """Count the ends of some runs at each node."""
    ends = np.append(runs.start[which], runs.end[which])
    return np.bincount(ends, minlength=nodes)


def _spans_m(runs: Runs, lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Return how far the ends of runs lie apart, metres, roughly."""
    east = (lon[runs.end] - lon[runs.start]) * np.cos(np.radians(lat[runs.start]))
    return _METRES_A_DEGREE * np.hypot(east, lat[runs.end] - lat[runs.start])
