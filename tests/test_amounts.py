"""How much facilities hold, whom they serve, and what is counted in communities: from tables."""

import math
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from circles.communities import CommunityColumns, make_communities
from circles.crs import WGS84
from circles.errors import FaultsError, InputError
from circles.evaluation import Area, Stock
from circles.evaluation.capacity import capacity_findings
from circles.facilities import facilities_from_osm, facilities_from_table
from circles.inputs import read_district
from circles.inputs.columns import with_usual_columns
from circles.project import load_project
from circles.scoring import INSUFFICIENT, MET, NOT_MET
from circles.standards import Standard, load_standard
from circles.tables import Fate, amounts_of, other_unit, shares_of
from circles.texts import load_texts
from tests.drawn_district import CRS_M
from tests.drawn_units import area_of, ratio, standard_of, unit_rule
from tests.small_town import Town, make_town, run_circles


def layer(at_m: Sequence[float] | None = None, **columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return rows of a table as it is read, from row 2 on, standing along the drawn row."""
    count = len(next(iter(columns.values())))
    rows = pd.RangeIndex(2, 2 + count, name="row")
    metres = [50.0] * count if at_m is None else at_m
    points = [shapely.Point(x, 50.0) for x in metres]
    return gpd.GeoDataFrame(columns, index=rows, geometry=points, crs=CRS_M).to_crs(WGS84)


def collected(frame: gpd.GeoDataFrame, service: str = "childcare", **named: str) -> pd.DataFrame:
    """Return the facilities of a table of one service."""
    return facilities_from_table(
        frame, origin="places.csv", service=service, columns=named
    ).facilities


# ---- facilities ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("托位", "places"), ("托位数（个）", "places"), ("收托数", "places"), ("Places", "places"),
        ("餐位", "seats"), ("座位", "seats"), ("座位数", "seats"), ("seats", "seats"),
        ("床位", "beds"), ("床位数(张)", "beds"), ("beds", "beds"),
        ("面积", "area_m2"), ("建筑面积(㎡)", "area_m2"), ("floor_area_m2", "area_m2"),
        ("area_m2", "area_m2"),
    ],
)  # fmt: skip
def test_what_a_facility_holds_is_found_by_usual_names(header: str, kind: str) -> None:
    """Numbers in any spelling count, an empty cell is unknown, and no other kind is filled in."""
    found = collected(layer(**{header: ["60", "1,200", "０", "", None]}))
    assert found[kind].iloc[:3].tolist() == [60.0, 1200.0, 0.0]
    assert found[kind].iloc[3:].isna().all()
    others = {"places", "seats", "beds", "area_m2"} - {kind}
    assert found[sorted(others)].isna().all(axis=None)


def test_a_column_may_be_named() -> None:
    """A named column wins over the usual ones; one that is not there is refused."""
    frame = layer(托位=["1"], 备案数=["7"], 覆盖=["c0"])
    found = collected(frame, places="备案数", serves="覆盖")
    assert found["places"].tolist() == [7.0]
    assert found["serves"].tolist() == ["c0"]
    with pytest.raises(InputError, match="there is no column '床'"):
        collected(frame, beds="床")


def events(frame: gpd.GeoDataFrame, **named: str) -> list[tuple[int, str, str]]:
    """Return what became of the rows of a table of canteens: row, fate, and the note's key."""
    found = facilities_from_table(frame, origin="a.csv", service="elder_meal", columns=named)
    return [(e.row, e.fate.value, e.note.key.split(".")[1]) for e in found.ledger.events]


@pytest.mark.parametrize(
    ("cell", "seats"),
    [
        ("30张", 30), ("30个", 30), ("３０", 30), ("30 座", 30), ("1,200", 1200), ("1.5万", 15_000),
        ("120个座位", 120), ("30個", 30), ("床位30", None), ("2百", 200), ("30席", 30),
    ],
)  # fmt: skip
def test_a_cell_that_leaves_no_doubt_is_read_and_listed(cell: str, seats: float | None) -> None:
    """A unit after the number, full-width digits and 万 are repaired; the row is listed."""
    frame = layer(座位数=["12", cell])
    found = collected(frame, "elder_meal")["seats"]
    assert found.iloc[0] == 12
    if seats is None:
        assert math.isnan(found.iloc[1])
        assert events(frame) == [(3, "doubtful", "amount_unclear")]
    else:
        assert found.iloc[1] == seats
        assert events(frame) == [(3, "repaired", "amount_repaired")]


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("约30", "amount_unclear"), ("20+10", "amount_unclear"), ("20-30", "amount_unclear"),
        ("30左右", "amount_unclear"), ("三十", "amount_unclear"), ("无", "amount_unclear"),
        ("30㎡", "amount_unclear"), ("nan人", "amount_unclear"), ("inf", "amount_unclear"),
        ("=1+1", "amount_unclear"), ("-1", "amount_impossible"), ("1e9", "amount_impossible"),
        ("1e999", "amount_impossible"), ("30.5", "amount_impossible"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", [{}, {"seats": "座位数"}], ids=["found", "named"])
def test_a_cell_that_leaves_a_doubt_is_unknown_and_listed(
    cell: str, key: str, named: dict[str, str]
) -> None:
    """The row is used, its capacity is not known, whether the column was named or found."""
    frame = layer(座位数=["12", cell])
    found = collected(frame, "elder_meal", **named)
    assert found["seats"].iloc[0] == 12
    assert found[["seats", "capacity"]].iloc[1].isna().all()
    assert events(frame, **named) == [(3, "doubtful", key)]


@pytest.mark.parametrize("cell", ["", None, "-", "—", "/", "N/A", "不详", math.nan])
def test_a_cell_that_says_nothing_is_unknown_and_not_listed(cell: str | None) -> None:
    """A dash for an unknown number is no doubt."""
    frame = layer(座位数=["12", cell])
    assert collected(frame, "elder_meal")["seats"].isna().tolist() == [False, True]
    assert events(frame) == []


@pytest.mark.parametrize(
    ("header", "cell", "area_m2"),
    [
        ("建筑面积（公顷）", "0.25", 2500), ("面积(万平方米)", "1.5", 15_000),
        ("面积 (km²)", "2", 2e6),
        ("建筑面积", "350㎡", 350), ("面积", "350平方米", 350), ("面积", "0.2公顷", 2000),
        ("面积（公顷）", "350㎡", 350), ("面积(亩)", "2", None), ("面积（坪）", "30", None),
        ("面积", "2亩", None), ("面积", "30张", None), ("面积(㎡)", "99.5", 99.5),
    ],
)  # fmt: skip
def test_other_units_are_converted_where_that_is_exact(
    header: str, cell: str, area_m2: float | None
) -> None:
    """公顷 and 万 are; 亩 and 坪 are no whole number of square metres, and count as unknown."""
    found = collected(layer(**{header: [cell]}))["area_m2"].iloc[0]
    assert math.isnan(found) if area_m2 is None else found == area_m2


def test_a_converted_column_is_told() -> None:
    """The books say of which column, from which unit and by what; 万 counts people, too."""
    frame = layer(**{"座位数(万座)": ["0.01", ""], "面积（亩）": ["2", "3"]})
    found = facilities_from_table(frame, origin="a.csv", service="elder_meal")
    assert found.facilities["seats"].iloc[0] == 100
    facts = {note.key: dict(note.values) for note in found.ledger.facts}
    assert facts["facilities.unit_converted"] == {
        "column": "座位数(万座)", "unit": "万座", "factor": 10_000, "count": 1,
    }  # fmt: skip
    assert facts["facilities.unit_unknown"] == {"column": "面积（亩）", "unit": "亩"}
    assert other_unit("面积（㎡）") is None
    assert other_unit("床位(张)") is None


@given(st.lists(st.text(max_size=12) | st.none(), min_size=1, max_size=5))
def test_no_cell_stops_the_reading(cells: list[str | None]) -> None:
    """Whatever stands in a column of seats: a number of 0 or more, or unknown."""
    found = collected(layer(座位数=cells), "elder_meal")
    assert ((found["seats"] >= 0) | found["seats"].isna()).all()


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("核定床數-核定總床位數", "beds"), ("開放床數", "beds"), ("收託量", "places"),
        ("座位數", "seats"), ("建築面積（㎡）", "area_m2"),
    ],
)  # fmt: skip
def test_headers_in_traditional_characters_and_of_two_rows(header: str, kind: str) -> None:
    """The same words in the other kind of characters; of a joint header its last part."""
    assert collected(layer(**{header: ["33"]}), "elder_home")[kind].tolist() == [33]


def test_a_capacity_that_does_not_say_what_it_counts_is_the_services_usual_kind() -> None:
    """Seats of a canteen, beds of a home; nothing where it may be anything."""
    frame = layer(容量=["40"])
    kinds = {"elder_meal": "seats", "elder_home": "beds", "childcare": "places", "culture": None}
    for service, kind in kinds.items():
        found = collected(frame, service).iloc[0]
        known = {name: found[name] for name in ("places", "seats", "beds") if found[name] > 0}
        assert known == ({kind: 40.0} if kind else {})
        assert found["capacity"] == 40
    both = collected(layer(容量=["40", "40"], 托位=["30", ""])).places
    assert both.tolist() == [30.0, 40.0]  # what says it comes first
    seats = collected(layer(容量=["40"], 座位=["12"]), "elder_home").iloc[0]
    assert (seats["seats"], seats["beds"]) == (12, 40)


def test_the_tag_capacity_counts_only_where_the_catalogue_says_what() -> None:
    """A nursery's capacity are its places; that of a library may be books."""
    tags: list[dict[str, str]] = [
        {"amenity": "childcare", "capacity": "45"},
        {"amenity": "childcare", "capacity": "some"},
        {"amenity": "library", "capacity": "60"},
    ]
    places = gpd.GeoDataFrame(
        {"osm_id": ["n1", "n2", "n3"], "tags": tags},
        geometry=[shapely.Point(113.3, 23.1)] * 3,
        crs=WGS84,
    )
    found = facilities_from_osm(places, ["childcare", "culture"]).facilities
    assert found["places"].iloc[0] == 45
    assert found["places"].iloc[1:].isna().all()
    assert found[["seats", "beds", "area_m2"]].isna().all(axis=None)
    assert found["serves"].isna().all()


@pytest.mark.parametrize("separator", [";", "；", "、", ",", "\n", "\r\n"])
def test_whom_a_facility_serves_is_read_and_strange_words_have_their_rows(separator: str) -> None:
    """Ids and names, however they are separated; unknown ones are counted with their places."""
    area = area_of(3)
    cells = [f"c0{separator} 社区2", f"月球{separator}c1", "月球", None]
    table = facilities_from_table(layer(服务范围=cells), origin="a.csv", service="sports")
    stock = Stock.of(table.facilities, frozenset({"sports"}), area)
    served = zip(stock.served.facility.tolist(), stock.served.community.tolist(), strict=True)
    assert list(served) == [(0, 0), (0, 2), (1, 1)]
    assert stock.served.understood.tolist() == [True, False, False, False]
    (note,) = stock.notes
    assert dict(note.values) == {"count": 1, "examples": ("月球 (a.csv:3, a.csv:4)",)}


def test_places_of_a_table_decide_a_ratio() -> None:
    """From the column 托位 to a verdict; an empty cell leaves it open, and is no zero."""
    area = area_of(3, population={"all": [1000, 1000, 1000]})
    table = facilities_from_table(
        layer([50.0, 150.0, 250.0], 托位数=["6", "2", ""]), origin="a.csv", service="childcare"
    )
    stock = Stock.of(table.facilities, frozenset({"childcare"}), area)
    enough, few, unknown = capacity_findings(ratio(), area, stock)
    assert [f.verdict for f in (enough, few, unknown)] == [MET, NOT_MET, INSUFFICIENT]
    assert (enough.value, few.value) == (6.0, 2.0)
    assert unknown.reason == "capacity_unknown"


# ---- communities ---------------------------------------------------------------------------------


def outlines(**columns: Sequence[object]) -> gpd.GeoDataFrame:
    """Return two communities as a layer that was read."""
    rows = pd.RangeIndex(1, 3, name="row")
    boxes = [shapely.box(113.30, 23.0, 113.31, 23.01), shapely.box(113.31, 23.0, 113.32, 23.01)]
    return gpd.GeoDataFrame({"id": ["a", "b"], **columns}, index=rows, geometry=boxes, crs=WGS84)


def made(frame: gpd.GeoDataFrame, standard: Standard | None = None, **further: str) -> pd.DataFrame:
    """Return the community table of a layer, its columns found by their usual names."""
    said = CommunityColumns(id="id", setting="urban")
    rules = standard_of(ratio()) if standard is None else standard
    columns = with_usual_columns(said, frame, rules, further=further)
    return make_communities(frame, columns, where="layer").table


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("综合服务设施面积(㎡)", "service_area_m2"), ("service_area_m2", "service_area_m2"),
        ("社区工作者", "community_workers"), ("community_workers", "community_workers"),
        ("工作人员", "staff"), ("户数", "households"), ("城镇人口", "population_urban"),
        ("农村人口", "population_rural"),
    ],
)  # fmt: skip
def test_numbers_of_communities_are_found_by_usual_names(header: str, name: str) -> None:
    """They are taken over as numbers; an empty cell is unknown."""
    table = made(outlines(**{header: ["1,250", ""]}))
    assert table.loc["a", name] == 1250
    assert math.isnan(table.loc["b", name])


NAMES = {"staff": "staff", "入住率": "occupancy", "城镇人口(万人)": "population_urban"}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"staff": ["九", 3]}, ("column 'staff' holds '九' for community 'a'; ", "(row 1)")),
        ({"staff": [-2, -3]}, ("(and 1 more like it); a number of 0 or more", "(rows 1-2)")),
        ({"入住率": ["40%", "85"]}, ("'85' for community 'b'; a share of 0 to 1", "(row 2)")),
        ({"城镇人口(万人)": [1.2, 2]}, ("column '城镇人口(万人)' is in 万人; convert it",)),
    ],
)
def test_bad_numbers_of_named_columns_are_faults_by_row(
    column: dict[str, list[object]], words: tuple[str, ...]
) -> None:
    """The first cell is shown with its community, and all of the rows are named."""
    ((header, _),) = column.items()
    said = CommunityColumns(id="id", setting="urban", numbers={NAMES[header]: header})
    with pytest.raises(FaultsError) as caught:
        make_communities(outlines(**column), said, where="layer")
    assert all(word in caught.value.faults[0] for word in words)


@pytest.mark.parametrize(
    ("column", "rows"), [({"staff": ["九", -2]}, (1, 2)), ({"城镇人口(万人)": [1.2, 2]}, ())]
)
def test_bad_numbers_of_found_columns_are_unknown_and_listed(
    column: dict[str, list[object]], rows: tuple[int, ...]
) -> None:
    """Nobody asked for the column, so it stops nothing; what is not known is said."""
    frame = outlines(**column)
    said = CommunityColumns(id="id", setting="urban")
    columns = with_usual_columns(said, frame, standard_of(ratio()))
    ((header, _),) = column.items()
    found = make_communities(frame, columns, where="layer")
    assert found.table[NAMES[header]].isna().all()
    assert found.ledger is not None
    assert found.ledger.rows(Fate.DOUBTFUL) == rows
    assert found.report is not None
    assert header in load_texts("zh").note(found.report.notes()[-1])


def test_a_share_may_be_written_in_percent() -> None:
    """``50%`` and 0.5 are one; what is above 1, below 0 or no number is wrong."""
    cells = pd.Series(["50%", "０.5", "100 ％", "", None, 0.0, "85", "-1%", "%", "half", "101%"])
    shares, wrong = shares_of(cells)
    assert shares[:3].tolist() == [0.5, 0.5, 1.0]
    assert np.isnan(shares[3:5]).all()
    assert shares[5] == 0
    assert wrong == [6, 7, 8, 9, 10]
    assert amounts_of(pd.Series([1, -1, np.nan]))[1] == [1]


def test_named_columns_win_over_usual_ones() -> None:
    """What a project names is taken, and nothing of it is replaced."""
    frame = outlines(staff=[1, 1], 在编=[5, 6], 户数=[10, 20], 户籍户数=[7, 8])
    said = CommunityColumns(
        id="id", setting="urban", households="户籍户数", numbers={"staff": "在编"}
    )
    columns = with_usual_columns(said, frame, standard_of(ratio()))
    table = make_communities(frame, columns, where="layer").table
    assert table["staff"].tolist() == [5, 6]
    assert table["households"].tolist() == [7, 8]


def test_columns_that_a_standard_names_itself_are_taken() -> None:
    """Numbers and conditions by the rules' own names, or under another by `further`."""
    standard = standard_of(
        ratio(numerator={"column": "volunteers"}),
        unit_rule({"measure": "occupancy", "min": 0.5, "only_if": "new_estate"}),
    )
    own = made(outlines(volunteers=["3", "4"], new_estate=["是", None]), standard)
    assert own["volunteers"].tolist() == [3, 4]
    assert own.loc["a", "new_estate"] == "是"
    assert pd.isna(own.loc["b", "new_estate"])
    frame = outlines(志愿者=["3", "4"], 新建=["是", "否"])
    other = made(frame, standard, volunteers="志愿者", new_estate="新建")
    assert other["volunteers"].tolist() == [3, 4]
    assert other["new_estate"].tolist() == ["是", "否"]
    with pytest.raises(FaultsError, match="there is no column '旧'"):
        made(frame, standard, new_estate="旧")
    assert "volunteers" not in made(outlines(volunteers=["x", "y"]))  # nobody asks for it


# ---- a project -----------------------------------------------------------------------------------


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Town:
    """Draw the town with nursery places, occupancy, workers and a column of another name."""
    town = make_town(tmp_path / "town")
    rows = [line.split(",") for line in town.facilities.read_text("utf-8").splitlines()]
    more = [("备案数", "serves"), ("", ""), ("", "A2"), ("", ""), ("30", "A1;Mars")]
    lines = [",".join([*row, *cells]) for row, cells in zip(rows, more, strict=True)]
    town.facilities.write_text("\n".join(lines) + "\n", "utf-8")
    text = town.communities.read_text("utf-8")
    text = text.replace('"homes"', '"入住": "60%", "社区工作者": "4", "new": "是", "homes"')
    town.communities.write_text(text, "utf-8")
    town.edit(
        ('households = "homes"', 'households = "homes"\noccupancy = "入住"\ncolumns.fresh = "new"'),
        ('service_column = "service"', 'service_column = "service"\nplaces = "备案数"'),
    )
    return town


def test_a_project_gives_the_rules_what_they_need(town: Town) -> None:
    """Keys and usual names lead from its files to findings."""
    read = read_district(load_project(town.project))
    assert read.communities.table["occupancy"].tolist() == [0.6] * 3
    assert read.communities.table["community_workers"].tolist() == [4.0] * 3
    assert read.communities.table["fresh"].tolist() == ["是"] * 3
    area = Area.of(read.communities, name="Town", demand=read.demand)
    stock = Stock.of(read.facilities, read.given, area)
    found = {f.subject.unit_id: f for f in capacity_findings(ratio(), area, stock)}
    assert found["A1"].value == pytest.approx(30 * 1000 / 3000)
    assert found["A1"].verdict == MET
    (note,) = stock.notes
    assert dict(note.values)["examples"] == ("Mars (facilities.csv:5)",)


def test_a_wrong_cell_of_a_project_leaves_its_capacity_unknown(town: Town) -> None:
    """The run goes on; what the cell says is not known."""
    text = town.facilities.read_text("utf-8")
    town.facilities.write_text(text.replace(",30,", ",thirty,"), "utf-8")
    places = read_district(load_project(town.project)).facilities["places"]
    assert places.isna().all()


def test_further_columns_are_only_those_without_a_key(town: Town) -> None:
    """What has a key of its own is not said in `columns`."""
    town.edit(("columns.fresh", "columns.staff"))
    with pytest.raises(FaultsError, match="staff: this is for further columns"):
        load_project(town.project)


def test_a_standard_may_name_the_profiles_of_the_project(town: Town) -> None:
    """They are known where the project has them, and refused with those that are there."""
    text = town.standard.read_text("utf-8")
    text = text.replace('group = "60+"', 'group = "60+"\nprofile = "slow"')
    town.standard.write_text(text, "utf-8")
    with pytest.raises(FaultsError, match="there is no 'slow'"):
        load_standard(town.standard)
    assert load_standard(town.standard, profiles=["slow"]).access_rules[0].profile == "slow"
    with pytest.raises(FaultsError, match="there is no 'slow'"):
        read_district(load_project(town.project))
    town.edit(("[output]", '[profiles.slow]\nbased_on = "senior"\nspeed_m_s = 0.5\n[output]'))
    assert run_circles("run", town.project).code == 0
    assert read_district(load_project(town.project)).profiles["slow"].speed_m_s == 0.5


def test_childcare_places_are_no_kindergarten_places() -> None:
    """A kindergarten's 60 places for children under three count for a childcare ratio only.

    For 10,000 residents they are 6 for 1,000; of kindergarten places only the other's 270 are
    known, and what the first has of its own is open.
    """
    area = area_of(1, population={"all": [10_000]})
    frame = layer(
        [20.0, 60.0],
        名称=["甲幼儿园", "乙幼儿园"],
        类型=["幼儿园;托育", "幼儿园"],
        托位=["60", ""],
    )
    table = facilities_from_table(frame, origin="a.csv", service_column="类型")
    facilities = table.facilities
    own = (facilities["service"] == "kindergarten") & (facilities["facility_id"] == "a.csv:3")
    facilities = facilities.assign(places=facilities["places"].where(~own, 270.0))
    stock = Stock.of(facilities, frozenset(facilities["service"]), area)
    childcare, kindergarten = (
        stock.answering((service,)) for service in ("childcare", "kindergarten")
    )
    assert stock.capacity(childcare, "places").tolist() == [60.0]
    np.testing.assert_array_equal(stock.capacity(kindergarten, "places"), [np.nan, 270.0])
    services = {"services": ("kindergarten",), "capacity": "places"}
    (first,) = capacity_findings(ratio(), area, stock)
    (second,) = capacity_findings(ratio(numerator=services, min=30.0), area, stock)
    assert (first.value, first.verdict) == (6, MET)
    assert (second.value, second.verdict, second.reason) == (27, INSUFFICIENT, "capacity_unknown")
    both = {"services": ("childcare", "kindergarten"), "capacity": "places"}
    (third,) = capacity_findings(ratio(numerator=both), area, stock)
    assert third.numerator == 330
