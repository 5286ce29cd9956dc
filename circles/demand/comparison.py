"""What two sources say of the same people: the layer of demand, and the table of communities."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from circles.demand.model import FLOOR_AREA, FRONTAGE, Demand
from circles.texts import Note

#: Between half and double, two counts of one community may well both be right.
_MOST_RATIO: Final = 2.0
#: Fewer people than this apart are no matter.
_LEAST_APART: Final = 50.0
#: All communities together should be nearer to each other than any one of them.
_MOST_RATIO_OVERALL: Final = 1.25
_EXAMPLES: Final = 5


@dataclass(frozen=True)
class Comparison:
    """The layer's numbers of people beside the table's.

    Parameters
    ----------
    totals
        One row a group; columns `group`, `layer` (people the layer has in communities), `outside`
        (and outside them), `table` (people in the table; NaN if it does not count the group),
        `both_layer`, `both_table` (the same where both sources count), `ratio` (of these two).
    communities
        One row a community and group that both sources count, the farthest apart first; columns
        `community_id`, `group`, `layer`, `table`, `ratio` (layer : table; inf where the table has
        nobody), `apart` (whether they differ more than two counts of one place may).
    notes
        Each group's totals, for the reader.
    warnings
        What should be looked at before anything is computed.
    """

    totals: pd.DataFrame
    communities: pd.DataFrame
    notes: tuple[Note, ...]
    warnings: tuple[Note, ...]


def compare_totals(
    demand: Demand, population: pd.DataFrame, *, names: "pd.Series[str] | None" = None
) -> Comparison:
    """Hold the people of a demand layer against those of the community table.

    Parameters
    ----------
    demand
        The demand points, as they come from the layer.
    population
        Residents by community (rows, in their order) and group (columns); NaN where not known.
    names
        What the communities are called, in the same order; without it, their ids.
    """
    counted = demand.source == "population"
    groups = [group for group in demand.weights if group not in {FLOOR_AREA, FRONTAGE}]
    ids = list(population.index)
    called = ids if names is None else list(names)
    totals, rows = [], []
    for group in groups:
        layer = np.bincount(demand.community, demand.weights[group], len(counted))
        table = np.full(len(counted), np.nan)
        if group in population:
            table = population[group].to_numpy(dtype=np.float64)
        known = counted & ~demand.unknown.get(group, np.False_)
        both = known & ~np.isnan(table)
        totals.append(
            {
                "group": group,
                "layer": float(layer[known].sum()),
                "outside": float(demand.outside.get(group, 0.0)),
                "table": float(np.nansum(table)) if (~np.isnan(table)).any() else np.nan,
                "both_layer": float(layer[both].sum()),
                "both_table": float(table[both].sum()),
            }
        )
        rows += [
            (ids[i], called[i], group, float(layer[i]), float(table[i]))
            for i in np.flatnonzero(both)
        ]
    table_of = _communities(rows)
    summed = _totals(totals)
    return Comparison(
        summed,
        table_of.drop(columns="name"),
        tuple(_total_note(row) for row in summed.to_dict("records")),
        (*_overall(summed), *_apart(table_of, groups), *_more_than_all(demand, groups, called)),
    )


def _totals(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ["group", "layer", "outside", "table", "both_layer", "both_table"]
    totals = pd.DataFrame(rows, columns=columns)
    return totals.assign(ratio=_ratio(totals["both_layer"], totals["both_table"]))


def _communities(rows: list[tuple[object, object, str, float, float]]) -> pd.DataFrame:
    found = pd.DataFrame(rows, columns=["community_id", "name", "group", "layer", "table"])
    ratio = _ratio(found["layer"], found["table"])
    with np.errstate(divide="ignore"):
        far = np.abs(np.log(ratio.to_numpy(dtype=np.float64)))
    people = (found["layer"] - found["table"]).abs()
    apart = (far > np.log(_MOST_RATIO)) & (people >= _LEAST_APART)
    ranked = found.assign(ratio=ratio, apart=apart, _far=np.nan_to_num(far), _people=people)
    ranked = ranked.sort_values(
        ["apart", "_far", "_people"], ascending=False, kind="stable", ignore_index=True
    )
    return ranked.drop(columns=["_far", "_people"])


def _ratio(layer: "pd.Series[float]", table: "pd.Series[float]") -> "pd.Series[float]":
    """Return layer : table; NaN where both are none, inf where the table alone is."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = layer.to_numpy(dtype=np.float64) / table.to_numpy(dtype=np.float64)
    return pd.Series(ratio, index=layer.index)


def _total_note(row: Mapping[Hashable, Any]) -> Note:
    values = {
        name: round(float(row[name]))
        for name in ("layer", "outside", "table")
        if not pd.isna(row[name])
    }
    key = "people.totals" if "table" in values else "people.totals_layer"
    return Note.of(key, group=str(row["group"]), **values)


def _overall(totals: pd.DataFrame) -> list[Note]:
    """Warn of groups of which the two sources count very different numbers altogether."""
    ratio = totals["ratio"]
    people = (totals["both_layer"] - totals["both_table"]).abs()
    off = (ratio > _MOST_RATIO_OVERALL) | (ratio < 1 / _MOST_RATIO_OVERALL)
    return [
        Note.of(
            "warnings.totals_differ",
            group=str(row["group"]),
            layer=round(row["both_layer"]),
            table=round(row["both_table"]),
        )
        for row in totals[off & (people >= _LEAST_APART)].to_dict("records")
    ]


def _apart(found: pd.DataFrame, groups: list[str]) -> list[Note]:
    """Warn of communities of which the two sources count very different numbers."""
    notes = []
    for group in groups:
        worst = found[found["apart"] & (found["group"] == group)]
        if len(worst):
            examples = tuple(
                f"{row['name']} {round(row['layer']):,} / {round(row['table']):,}"
                for row in worst.head(_EXAMPLES).to_dict("records")
            )
            notes.append(
                Note.of("warnings.people_apart", group=group, count=len(worst), examples=examples)
            )
    return notes


def _more_than_all(demand: Demand, groups: list[str], names: list[object]) -> list[Note]:
    """Warn of groups that the layer counts more of than of all residents."""
    if "all" not in groups:
        return []
    communities = len(demand.source)
    everyone = np.bincount(demand.community, demand.weights["all"], communities)
    notes = []
    for group in groups:
        own = np.bincount(demand.community, demand.weights[group], communities)
        more = np.flatnonzero((own > everyone * 1.001) & (own - everyone >= 1.0))
        if len(more):
            examples = tuple(str(names[i]) for i in more[:_EXAMPLES])
            notes.append(
                Note.of("warnings.group_over_all", group=group, count=len(more), examples=examples)
            )
    return notes
