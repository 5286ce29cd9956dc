"""Streets and districts of communities: by column, by code, by where they lie."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import Polygon, box

from circles.communities.findings import Rows
from circles.communities.hierarchy import Level, Told, UpperUnits, names_by_code, tell_units
from circles.errors import CirclesError, FaultsError
from circles.tables.ledger import Fate
from circles.texts import load_texts

OUTLINES = [box(x, 0, x + 1, 1) for x in range(4)]
ROWS = Rows(list("abcd"), ["甲", "乙", "丙", "丁"], [1, 2, 3, 4])
CODES = ["440104001001", "440104001002", "440104002001", None]


def tell(column: list[str | None], level: Level = Level.STREET, **said: object) -> Told:
    """Tell the units of four communities in a row; all of it can be said in both languages."""
    codes = said.pop("codes", [None] * 4)
    outlines = np.array(OUTLINES, dtype=object)
    told = tell_units(level, column=column, codes=codes, outlines=outlines, rows=ROWS, **said)  # type: ignore[arg-type]
    notes = [*told.facts, *(finding.note for finding in told.findings)]
    assert all(load_texts(lang).note(note) for lang in ("zh", "en") for note in notes)
    return told


def kinds(told: Told) -> dict[str, tuple[int, ...]]:
    """Return the rows of each kind of finding."""
    return {finding.kind: finding.rows for finding in told.findings}


def test_a_column_says_it_and_an_empty_cell_is_told() -> None:
    """Only where others are filled; a layer without streets has none."""
    told = tell(["X街", "X街", "Y镇", None])
    assert told.names == ("X街", "X街", "Y镇", None)
    assert kinds(told) == {"street_missing": (4,)}
    assert tell([None] * 4) == Told((None,) * 4)


def test_codes_tell_by_a_table_of_names() -> None:
    """Nine digits of a street, six of a district."""
    streets = UpperUnits(by_code={"440104001": "X街", "440104002": "Y街"})
    told = tell([None] * 4, codes=CODES, units=streets)
    assert told.names == ("X街", "X街", "Y街", None)
    assert [dict(note.values)["count"] for note in told.facts] == [3]
    districts = UpperUnits(by_code={"440104": "越秀区"})
    assert tell([None] * 4, Level.DISTRICT, codes=CODES, units=districts).names[2] == "越秀区"


def test_an_empty_cell_is_filled_from_codes_that_agree() -> None:
    """Communities of the same nine digits lie in the same street, if those that say so agree."""
    told = tell(["X街", None, "Y街", "Z街"], codes=CODES)
    assert told.names == ("X街", "X街", "Y街", "Z街")
    (finding,) = told.findings
    assert (finding.kind, finding.fate, finding.rows) == ("street_filled", Fate.REPAIRED, (2,))
    codes = ["440104001001", "440104001002", "440104001003", None]
    assert tell(["X街", "Y街", None, None], codes=codes).names[2] is None


def test_ways_that_contradict_are_told_and_the_column_counts() -> None:
    """Other spellings of a name are no contradiction."""
    streets = UpperUnits(by_code={"440104001": "X街道办事处", "440104002": "Z街"})
    told = tell(["X街", "X街道", "Y街", "Y街"], codes=CODES, units=streets)
    assert told.names == ("X街", "X街", "Y街", "Y街")
    assert kinds(told) == {
        "street_contradicts_column_code": (3,),
        "street_spelled": (2,),
    }


def test_streets_of_one_name_in_two_districts_keep_their_spelling() -> None:
    """Only within a district is X街道 the X街 of the others."""
    told = tell(["X街", "X街", "X街道", "X街道"], within=["p", "p", "q", "q"])
    assert told.names == ("X街", "X街", "X街道", "X街道")
    assert told.findings == ()


def test_a_community_lies_where_half_of_it_does() -> None:
    """The largest share decides, from half on; less is reported and decides nothing."""
    units = gpd.GeoDataFrame(
        {"called": ["X街", "Y街", None]},
        geometry=[box(0, 0, 1.6, 1), box(1.6, 0, 2.4, 1), box(3, 0, 4, 1)],
        crs="EPSG:4326",
    )
    told = tell([None] * 4, units=UpperUnits(outlines=units, name="called", where="streets"))
    assert told.names == ("X街", "X街", None, None)
    assert kinds(told) == {"street_split": (3,), "street_missing": (3, 4)}
    against = tell(["Y街", None, None, None], units=UpperUnits(outlines=units, name="called"))
    assert kinds(against)["street_contradicts_column_place"] == (1,)


def test_a_layer_of_streets_must_be_one() -> None:
    """Without a CRS, a column or an outline it is refused; a broken ring is mended."""
    layer = gpd.GeoDataFrame({"name": ["X街"]}, geometry=[box(0, 0, 4, 1)])
    for wrong, name in (
        (layer, "name"),
        (layer.set_crs(4326), "title"),
        (layer.set_crs(4326).assign(name=[None]), "name"),
    ):
        with pytest.raises(CirclesError):
            tell([None] * 4, units=UpperUnits(outlines=wrong, name=name, where="streets"))
    bow = Polygon([(0, 0), (2, 0), (2, 1), (0, 1), (0, 0.4), (0.1, 0.5), (0, 0.5), (0.1, 0.4)])
    mended = gpd.GeoDataFrame({"name": ["X街"]}, geometry=[bow], crs="EPSG:4326")
    assert tell([None] * 4, units=UpperUnits(outlines=mended)).names[0] == "X街"


def test_names_are_read_from_a_table_of_codes() -> None:
    """Zeros that fill a code are none of it; two names of one code are a fault."""
    codes = ["440104001000", "440104000000", 440104002, "x", None]
    names = ["X街", "越秀区", "Y街", "?", "Z"]
    assert names_by_code(codes, names, level=Level.STREET) == {
        "440104001": "X街",
        "440104002": "Y街",
    }
    assert names_by_code(codes, names, level=Level.DISTRICT) == {"440104": "越秀区"}
    with pytest.raises(FaultsError, match="440104001"):
        names_by_code(["440104001", "440104001"], ["X街", "Y街"], level=Level.STREET)
