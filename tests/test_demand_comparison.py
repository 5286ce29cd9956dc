"""Two counts of the same people, side by side."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from circles.demand import Comparison, Demand, compare_totals
from circles.texts import load_texts


def compared(
    layer: Sequence[float],
    table: Sequence[float],
    *,
    source: Sequence[str] | None = None,
    **more: Sequence[float],
) -> Comparison:
    """Compare a layer of one point in each community with a table."""
    count = len(layer)
    weights = {"all": np.array(layer, dtype=np.float64)}
    weights |= {group: np.array(values, dtype=np.float64) for group, values in more.items()}
    demand = Demand(
        x_m=np.zeros(count),
        y_m=np.zeros(count),
        community=np.arange(count, dtype=np.int32),
        weights=weights,
        source=np.array(source or ["population"] * count, dtype=object),
        outside={"all": 7.0},
    )
    ids = [f"c{i}" for i in range(count)]
    names = pd.Series([f"社区{i}" for i in range(count)], index=ids)
    return compare_totals(demand, pd.DataFrame({"all": table}, index=ids), names=names)


def test_totals_of_each_source_stand_side_by_side() -> None:
    """The table knows nothing of the third community: only the first two are compared."""
    found = compared([100, 200, 50], [110, 190, np.nan])
    (row,) = found.totals.to_dict("records")
    assert (row["layer"], row["outside"], row["table"]) == (350, 7, 300)
    assert (row["both_layer"], row["both_table"], row["ratio"]) == (300, 300, 1)
    assert found.warnings == ()
    assert load_texts("en").note(found.notes[0]) == (
        "Group “all”: the population layer counts 350 people in communities and 7 outside; "
        "the community table counts 300."
    )


def test_the_farthest_apart_comes_first_and_is_told() -> None:
    """300 against 3,000, and nobody against 400; 20 against 60 is too few to matter."""
    found = compared([1000, 300, 0, 20, 1500], [1100, 3000, 400, 60, 1000])
    assert found.communities["community_id"].tolist()[:2] == ["c2", "c1"]
    assert found.communities["apart"].tolist() == [True, True, False, False, False]
    told = {note.key: dict(note.values) for note in found.warnings}
    assert told["warnings.people_apart"] == {
        "group": "all", "count": 2, "examples": ("社区2 0 / 400", "社区1 300 / 3,000"),
    }  # fmt: skip
    assert told["warnings.totals_differ"] == {"group": "all", "layer": 2820, "table": 5560}


def test_a_community_that_the_layer_does_not_know_is_not_compared() -> None:
    """Where streets stand in for people the layer says nothing."""
    found = compared([100, 0], [100, 900], source=["population", "frontage"])
    assert found.communities["community_id"].tolist() == ["c0"]
    assert found.warnings == ()


def test_a_group_of_more_than_all_is_told() -> None:
    """Thirty old people among twenty residents."""
    found = compared([20, 40], [20, 40], old=[30, 10])
    told = {note.key: dict(note.values) for note in found.warnings}
    assert told["warnings.group_over_all"]["examples"] == ("社区0",)
    assert {row["group"]: row["table"] for row in found.totals.to_dict("records")} == {
        "all": 60,
        "old": pytest.approx(np.nan, nan_ok=True),
    }
    assert found.notes[1].key == "people.totals_layer"


def test_both_languages_say_every_sentence() -> None:
    """Every note and warning can be put into words."""
    found = compared([1000, 0, 500], [5000, 700, 500], old=[2000, 0, 1])
    for lang in ("zh", "en"):
        words = [load_texts(lang).note(note) for note in (*found.notes, *found.warnings)]
        assert len(words) == len(set(words)) == 5
        assert not any("{" in word for word in words)


def test_a_layer_that_counts_nobody_has_nothing_to_compare() -> None:
    """Floor area is no count of people."""
    demand = Demand(
        np.zeros(1), np.zeros(1), np.zeros(1, np.int32), {"floor_area_m2": np.ones(1)},
        np.array(["buildings"], dtype=object),
    )  # fmt: skip
    found = compare_totals(demand, pd.DataFrame({"all": [3.0]}))
    assert len(found.totals) == len(found.communities) == len(found.warnings) == 0
