"""Second tables: what joins to a community, what does not, and what is told of both."""

import os
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from circles.communities import (
    Above,
    CommunityColumns,
    JoinReport,
    SecondTable,
    Stage,
    TableColumns,
    UpperUnits,
    join_tables,
    make_communities,
)
from circles.errors import CirclesError, FaultsError, InputError
from circles.tables.ledger import Fate, Ledger
from circles.texts import load_texts

COMMUNITIES = pd.DataFrame(
    {
        "name": ["盐运西社区", "文化社区", "文化社区", "石井村"],
        "street": ["北京街", "北京街", "人民街", "石井镇"],
        "district": ["越秀区", "越秀区", "越秀区", "白云区"],
        "code": ["440104001001", "440104001002", "440104002001", None],
    },
    index=pd.Index(["a", "b", "c", "d"], name="community_id"),
)


def rows(**columns: list[object]) -> pd.DataFrame:
    """Return a table as it is read, from row 2 on."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.RangeIndex(2, 2 + count, name="row"), dtype=object)


def join(
    table: pd.DataFrame, numbers: Mapping[str, str], **said: str
) -> tuple[dict[str, list[float]], JoinReport]:
    """Join a table; return its numbers by name, and the report."""
    columns = TableColumns(numbers=numbers, **said)  # type: ignore[arg-type]
    made = join_tables(COMMUNITIES, table, columns=columns, where="people.csv")
    assert made.numbers.index.equals(COMMUNITIES.index)
    return {name: made.numbers[name].tolist() for name in made.numbers}, made.report


def test_a_table_joins_by_names_as_its_office_writes_them() -> None:
    """By street where names repeat; rows of sums and of strangers are set aside with a reason."""
    table = rows(
        街道=["北京街道", "北京街道", "人民街道办事处", "石井镇", "北京街道", None, None],
        社区=[
            "盐运西居委会",
            "文化社区居委会",
            "文化社区",
            "石井村委会",
            "盐运酉社区",
            "合计",
            None,
        ],
        户数=["1,200", 50, "", 7, 3, "约1260", "x"],
    )
    numbers, report = join(table, {"households": "户数"})
    assert numbers["households"][:2] == [1200, 50]
    assert np.isnan(numbers["households"][2])  # an empty cell is unknown
    assert numbers["households"][3] == 7
    assert sum(report.joined.values()) == 4
    assert report.ledger.rows(Fate.SET_ASIDE) == (6, 7, 8)
    (lost,) = report.unjoined_rows
    assert (lost.label, lost.candidates[0]) == ("row 6", "北京街 盐运西社区")
    assert report.unjoined_communities == ()
    for lang in ("zh", "en"):
        texts = load_texts(lang)
        assert all(texts.note(event.note) for event in report.ledger.events)
        assert all(texts.note(note) for note in report.notes)


def test_codes_join_whatever_the_names_say() -> None:
    """And where the names have nothing in common a reader is asked to look."""
    table = rows(code=["440104001001.0", "440104002001"], name=["盐运西", "大塘社区"], n=[1, 2])
    numbers, report = join(table, {"x": "n"})
    assert numbers["x"][0] == 1
    assert numbers["x"][2] == 2
    assert report.joined == {Stage.CODE: 2}
    assert [one.row for one in report.loose] == [3]
    assert report.ledger.rows(Fate.REPAIRED) == (2,)
    assert [one.label for one in report.unjoined_communities] == ["b", "d"]


def test_ids_join_too() -> None:
    """Ids of the project's own, as numbers or text."""
    numbers, report = join(rows(key=["d", "a", "z"], n=[4, 1, 9]), {"x": "n"}, id="key")
    assert numbers["x"][0] == 1
    assert numbers["x"][3] == 4
    assert report.joined == {Stage.ID: 2}
    assert [one.name for one in report.unjoined_rows] == ["z"]


def test_several_rows_of_one_community_are_refused_unless_they_are_parts() -> None:
    """Nobody knows which row is meant; a row that only repeats another is counted once."""
    table = rows(code=["440104001001", "440104001001"], n=[1, 2])
    with pytest.raises(FaultsError, match="rows 2-3 are about one community"):
        join(table, {"x": "n"})
    numbers, _ = join(table, {"x": "n"}, several="sum")
    assert numbers["x"][0] == 3
    twice = rows(code=["440104001001", "440104001001"], n=[1, 1])
    numbers, report = join(twice, {"x": "n"})
    assert numbers["x"][0] == 1
    assert report.ledger.rows(Fate.SET_ASIDE) == (3,)
    with pytest.raises(InputError, match="'refuse' or 'sum'"):
        join(table, {"x": "n"}, several="mean")


def test_columns_of_one_group_are_added_up() -> None:
    """Men and women in two columns; where one is empty the group is unknown."""
    table = rows(code=["440104001001", "440104001002"], 男=[1, 5], 女=["2", None])
    columns = TableColumns(population={"all": ("男", "女")})
    made = join_tables(COMMUNITIES, table, columns=columns, where="t")
    assert made.numbers["all"].iloc[0] == 3
    assert made.numbers["all"].iloc[1:].isna().all()


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    """Half of a community is not the community."""
    table = rows(code=["440104001001", "440104001001"], n=[1, None])
    numbers, _ = join(table, {"x": "n"}, several="sum")
    assert np.isnan(numbers["x"][0])


def test_wrong_cells_are_named_by_row_and_only_where_they_count() -> None:
    """A word in a row that joins is a fault; missing columns are named with the nearest."""
    table = rows(code=["440104001001", "440104001002", "99"], n=["约5", -1, "?"])
    with pytest.raises(FaultsError, match="rows 2-3 of column 'n'"):
        join(table, {"x": "n"})
    with pytest.raises(InputError, match="there is no column 'm'"):
        join(table, {"x": "m"})
    with pytest.raises(InputError, match="which community a row is about"):
        join(rows(n=[1]), {"x": "n"})
    with pytest.raises(FaultsError, match="is in 万人"):
        join(rows(**{"code": ["440104001001"], "n(万人)": [1]}), {"x": "n(万人)"})


def test_a_street_column_that_knows_none_of_the_streets_is_left_out() -> None:
    """Found by its name it is no evidence; named by the project it stays, and this is told."""
    table = rows(name=["盐运西社区"], street=["中国"], n=[1])
    numbers, report = join(table, {"x": "n"})
    assert numbers["x"][0] == 1
    assert report.notes[0].key == "communities.uppers_left_out"
    _, report = join(table, {"x": "n"}, street="street")
    assert report.notes[0].key == "communities.uppers_foreign"
    assert report.joined == {}


@pytest.mark.parametrize(
    "name",
    ["=cmd|'/c calc'!A1", "<script>alert(1)</script>", "\x00\x1b[31m", "（" * 500, "第" * 300],
)
def test_hostile_names_join_nothing_and_break_nothing(name: str) -> None:
    """They are set aside like any stranger, and cut where they are told."""
    _, report = join(rows(社区=[name], n=[1]), {"x": "n"})
    assert sum(report.joined.values()) == 0
    assert all(len(one.name) <= 60 for one in report.unjoined_rows)


CELLS = st.one_of(
    st.none(),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.text(max_size=12),
    st.sampled_from(
        ["盐运西社区", "合计", "440104001001", "4.4E+11", "北京街", "=1+1", "1,200", "约3"]
    ),
)
HEADERS = st.one_of(
    st.sampled_from(["社区", "街道", "区", "code", "0-4岁", "60+", "男60+", "1", "人口(万人)", ""]),
    st.text(max_size=8),
)


@given(
    headers=st.lists(HEADERS, min_size=1, max_size=6),
    cells=st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=6),
    several=st.sampled_from(["refuse", "sum"]),
)
@settings(max_examples=300, deadline=None)
def test_no_table_breaks_the_join(
    headers: list[str], cells: list[list[object]], several: str
) -> None:
    """Whatever its headers and cells are, there is a result or an error that says what is wrong."""
    table = pd.DataFrame([row[: len(headers)] for row in cells], columns=headers, dtype=object)
    columns = TableColumns(numbers={"x": headers[-1]}, groups=("60+", "0-3"), several=several)
    try:
        made = join_tables(COMMUNITIES, table, columns=columns, where="t")
    except CirclesError:
        return
    report = made.report
    used = sum(report.joined.values())
    assert used + len(report.unjoined_communities) == len(COMMUNITIES)
    assert set(made.numbers) == {"60+", "0-3", "x"}


# ---- in the community table ----------------------------------------------------------------------


def layer(**columns: list[object]) -> gpd.GeoDataFrame:
    """Return two communities as a layer that was read."""
    boxes = [shapely.box(113.30, 23.0, 113.31, 23.01), shapely.box(113.31, 23.0, 113.32, 23.01)]
    index = pd.RangeIndex(1, 3, name="row")
    values = {"id": ["a", "b"], "name": ["甲社区", "乙社区"], **columns}
    return gpd.GeoDataFrame(values, index=index, geometry=boxes, crs="EPSG:4326")


SAID = CommunityColumns(id="id", name="name", setting="urban")


def test_numbers_of_a_second_table_come_into_the_community_table() -> None:
    """Residents, age groups and households; whoever has no row is unknown, and warned of."""
    table = SecondTable(
        rows(社区=["甲社区居委会"], 户数=[30], 人口=[90], **{"60-79": [8], "80+": [2]}),
        TableColumns(
            population={"all": "人口"}, numbers={"households": "户数"}, groups=("60+", "0-3")
        ),
        "people.xlsx",
        Ledger("people.xlsx", 1),
    )
    made = make_communities(layer(), SAID, where="layer", tables=[table])
    assert made.population.loc["a", ["all", "60+"]].tolist() == [90, 10]
    assert made.population["0-3"].isna().all()
    assert made.table.loc["a", "households"] == 30
    assert made.population.loc["b"].isna().all()
    (note,) = made.notes
    assert note.key == "warnings.communities_unjoined"
    assert dict(note.values)["examples"] == ("乙社区",)
    assert made.report is not None
    assert made.report.joins[0].ledger.used == 1


def test_a_number_is_taken_from_one_table() -> None:
    """Given twice it is a fault; a column that was only found gives way."""
    table = SecondTable(
        rows(社区=["甲社区", "乙社区"], n=[30, 40]), TableColumns(numbers={"households": "n"}), "t"
    )
    frame = layer(户数=["1", "约300"])
    named = CommunityColumns(id="id", name="name", setting="urban", households="户数")
    with pytest.raises(FaultsError, match="'households' is given by layer and by t"):
        make_communities(frame, named, where="layer", tables=[table])
    found = CommunityColumns(
        id="id", name="name", setting="urban", households="户数", found=frozenset({"households"})
    )
    made = make_communities(frame, found, where="layer", tables=[table])
    assert made.table["households"].tolist() == [30, 40]


def test_a_word_in_a_column_that_was_only_found_is_unknown_and_listed() -> None:
    """It does not stop the run; a whole column in another unit is left alone."""
    found = CommunityColumns(
        id="id", name="name", setting="urban", households="户数",
        numbers={"population_urban": "城镇人口(万人)"},
        found=frozenset({"households", "population_urban"}),
    )  # fmt: skip
    frame = layer(户数=[5, "约300"], **{"城镇人口(万人)": [1, 2]})
    made = make_communities(frame, found, where="layer")
    assert made.table["households"].tolist()[0] == 5
    assert np.isnan(made.table["households"].tolist()[1])
    assert made.table["population_urban"].isna().all()
    assert made.ledger is not None
    assert made.ledger.rows(Fate.DOUBTFUL) == (2,)
    assert made.report is not None
    assert len(made.report.of("number")) == 2


def test_the_books_of_a_layer_hold_what_was_found() -> None:
    """Names that repeat in a street and codes that do not fit, by the layer's own rows."""
    frame = layer(
        code=["440104001001", "440104001201"], name=["甲社区", " 甲社区"], town=["X街", "X街道"]
    )
    said = CommunityColumns(id="id", name="name", setting="urban", code="code", street="town")
    names = UpperUnits(by_code={"440104001": "Y街"})
    made = make_communities(
        frame, said, where="layer", ledger=Ledger("layer", 2), above=Above(streets=names)
    )
    assert made.report is not None
    kinds = [finding.kind for finding in made.report.findings]
    assert kinds.count("same_name") == 1
    assert kinds.count("committee") == 1
    assert kinds.count("street_contradicts_column_code") == 2
    assert made.table["street"].tolist() == ["X街", "X街"]
    assert made.table["code"].tolist() == ["440104001001", "440104001201"]
    assert made.ledger is not None
    assert made.ledger.rows(Fate.DOUBTFUL) == (1, 2)
    for lang in ("zh", "en"):
        assert all(load_texts(lang).note(note) for note in made.report.notes())


@pytest.mark.real
def test_the_villages_of_taipei_find_their_elders_under_other_names() -> None:
    """A third with an office's ending, a third without 里; two pairs need their districts."""
    villages = gpd.read_file(
        Path(os.environ["CIRCLES_REAL_DATA"]) / "taipei" / "villages_population.geojson"
    )
    said = CommunityColumns(id="V_ID", name="VILLAGE", district="TOWN", setting="urban")
    made = make_communities(villages, said, where="taipei")
    table = pd.DataFrame(villages.drop(columns="geometry"))
    table.index = pd.RangeIndex(2, 2 + len(table), name="row")
    table["VILLAGE"] = [
        name.replace("里", "里辦公處") if i % 3 == 0 else name[:-1] if i % 3 == 1 else name
        for i, name in enumerate(table["VILLAGE"])
    ]
    columns = TableColumns(name="VILLAGE", district="TOWN", groups=("65+", "60+", "all"))
    joined = join_tables(made.table, table, columns=columns, where="people.csv")
    assert joined.numbers["65+"].tolist() == villages["A65UP_CNT"].tolist()
    assert joined.numbers["65+"].sum() == 574_458
    assert joined.numbers["60+"].isna().all()
    without = TableColumns(name="VILLAGE", groups=("65+",))
    alone = join_tables(made.table, table.drop(columns="TOWN"), columns=without, where="t")
    assert len(alone.report.unjoined_communities) == 4
    assert alone.numbers["65+"].notna().sum() == 452
