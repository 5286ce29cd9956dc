"""What a check finds of streets and margins, and what stops a run: drawn, and worked out by hand.

Adults walk 66 m in a minute. Streets are counted in squares of 200 m, so 200 m of street in a
square are 5 km to the square kilometre.
"""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from shapely import box

from circles import district as district_module
from circles.access import Ground
from circles.basemap import make_basemap
from circles.check.margins import MarginQuality, margin_quality
from circles.check.model import CheckReport
from circles.check.report import make_report
from circles.check.streets import StreetQuality, street_quality
from circles.communities import Communities
from circles.crs import WGS84
from circles.demand import Demand
from circles.district import District, assess, prepare
from circles.errors import InputError
from circles.network import WalkNetwork
from circles.quality import InputRecord, LayerRecord, Remark, Severity
from circles.standards.model import AccessRule, Standard
from circles.tables import Ledger
from circles.tables.ledger import doubtful
from circles.texts import Note
from tests.drawn_district import (
    box_degrees,
    communities_m,
    district_m,
    facilities_m,
    network_m,
    people_m,
    rule,
    standard,
)
from tests.drawn_osm import Drawing
from tests.drawn_units import presence, ratio, standard_of

#: Coordinates in a file are rounded to a centimetre.
METRES = 1.0


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Build 2 km of street along y = 100 m, and 100 m of loose footpath in the north."""
    drawing = (
        Drawing().node("w", -1000, 100).node("m", 1, 100).node("e", 1000, 100)
        .node("p", 0, 700).node("q", 100, 700)
        .way("w m e", highway="residential").way("p q", highway="footway")
    )  # fmt: skip
    return network_m(drawing, tmp_path_factory.mktemp("streets"))


OUTLINES = {
    "west": box(-1000, 0, 0, 1000),
    "east": box(0.5, 0, 1000, 1000),
    "bare": box(3000, 0, 4000, 1000),
}


def three() -> Communities:
    """Return two communities along the street and one where the map has none."""
    return communities_m(OUTLINES)


def people(communities: Communities, *places: tuple[float, float], all_: float = 10.0) -> Demand:
    """Return as many people at each place."""
    return people_m(communities, places, all=[all_] * len(places))


ON_STREET = [(-110.0, 110.0), (-310.0, 110.0), (110.0, 110.0), (310.0, 110.0)]


# ---- streets -------------------------------------------------------------------------------------


def quality(network: WalkNetwork, *places: tuple[float, float]) -> StreetQuality:
    """Return the quality of the streets for homes at some places."""
    communities = three()
    demand = people(communities, *places)
    nowhere = facilities_m(("Hall", "elder_meal", 0, 100))
    ground = prepare(district_m(network, communities, demand, nowhere, standard(rule()))).ground
    return street_quality(network, communities.table, demand, ground.on_foot.homes)


def test_a_loose_piece_is_counted_apart(network: WalkNetwork) -> None:
    """Of two pieces the short one takes no part, and its street is not in the length."""
    found = quality(network, *ON_STREET)
    assert (found.pieces, found.small_pieces) == (2, 1)
    assert found.small_pieces_km == pytest.approx(0.1, abs=0.001)
    assert found.length_km == pytest.approx(2.0, abs=0.001)
    assert (found.homes, found.homes_off, found.few) == (4, 0, ())


def test_a_community_without_streets_is_found(network: WalkNetwork) -> None:
    """Where others have 5 km/km² around their homes, it has none; and its home is off."""
    found = quality(network, *ON_STREET, (3500.0, 500.0))
    (bare,) = found.few
    assert (bare.community_id, bare.km_per_km2, bare.far_share) == ("bare", 0.0, 1.0)
    assert bare.usual_km_per_km2 == pytest.approx(5.0, rel=0.02)
    assert (found.homes, found.homes_off) == (5, 1)


@pytest.mark.parametrize(("near", "few"), [(3, ["east"]), (4, [])])
def test_more_than_a_fifth_of_the_homes_far_from_streets(
    network: WalkNetwork, near: int, few: list[str]
) -> None:
    """One home in four is too many, one in five is not."""
    homes = [(110.0 + 10 * i, 110.0) for i in range(near)]
    found = quality(network, *ON_STREET[:2], *homes, (500.0, 900.0))
    assert [one.community_id for one in found.few] == few


def test_the_worst_comes_first(network: WalkNetwork) -> None:
    """The larger the share of homes far from streets, the sooner a community is named."""
    far_east, bare = (500.0, 900.0), (3500.0, 500.0)
    found = quality(network, *ON_STREET, far_east, bare)
    assert [one.community_id for one in found.few] == ["bare", "east"]
    assert found.few[1].far_share == pytest.approx(1 / 3)


def test_no_homes_are_no_fault_of_the_streets(network: WalkNetwork) -> None:
    """A community where nobody is known to live is not said to lack streets."""
    assert quality(network, *ON_STREET).few == ()


# ---- margins -------------------------------------------------------------------------------------


def margins(
    network: WalkNetwork, rules: Standard, *homes: tuple[float, float], setting: str = "urban"
) -> MarginQuality:
    """Return the margin of one community on a map that reaches 1000 m each way."""
    communities = communities_m({"a": box(-900, -900, 900, 900)}, setting=setting)
    facilities = facilities_m(("Hall", "elder_meal", 0, 0))
    reach = box_degrees(-1000, -1000, 1000, 1000)
    demand = people(communities, *homes)
    district = district_m(network, communities, demand, facilities, rules, box=reach)
    return margin_quality(rules, prepare(district).ground)


def test_a_margin_shorter_than_the_longest_walk(network: WalkNetwork) -> None:
    """15 minutes are 990 m: a home 500 m from the edge lies too near, one in the middle not."""
    found = margins(network, standard(rule()), (500, 0), (0, 0))
    assert found.needed_m == pytest.approx(990.0)
    (short,) = found.short
    assert short.community_id == "a"
    assert short.margin_m == pytest.approx(500, abs=METRES)
    assert short.needed_m == pytest.approx(990.0)
    assert margins(network, standard(rule()), (0, 0)).short == ()


@pytest.mark.parametrize(
    ("rules", "setting", "needed_m"),
    [
        (standard(rule()), "rural", 1980.0),
        (standard(rule(kind="distance_threshold", max_metres={"urban": 1500.0})), "urban", 1500.0),
        (standard(rule(kind="distance_threshold", max_metres={"urban": 1500.0})), "rural", 0.0),
        (standard(rule(max_minutes={"urban": (10.0, 15.0)})), "urban", 990.0),
        (standard(rule(), rule("far", max_minutes={"urban": 20.0})), "urban", 1320.0),
        (
            standard_of(
                rule(),
                ratio(
                    numerator={"services": ("elder_meal",), "capacity": "count"},
                    catchment={"rule": "meal"},
                ),
            ),
            "urban",
            1980.0,
        ),
        (standard_of(presence()), "urban", 0.0),
    ],
    ids=["rural", "metres", "no-limit", "range", "longest", "catchment", "presence"],
)
def test_how_far_the_map_must_reach(
    network: WalkNetwork, rules: Standard, setting: str, needed_m: float
) -> None:
    """The longest limit that holds in the setting, twice for a shared facility, decides."""
    found = margins(network, rules, (0, 0), setting=setting)
    assert found.needed_m == pytest.approx(needed_m)
    assert len(found.short) == (needed_m > 1000)


def test_a_missing_layer_needs_its_margin_all_the_same(network: WalkNetwork) -> None:
    """The map is asked how far it reaches before the list is there."""
    missing = standard(rule(service="childcare"))
    assert margins(network, missing, (500, 0)).needed_m == pytest.approx(990.0)


def test_a_margin_without_streets_is_refused(network: WalkNetwork) -> None:
    """Nobody can walk to an edge that is not there."""
    ground = prepare(unwalked(the_district(network, *ON_STREET))).ground
    with pytest.raises(InputError, match="no street network"):
        margin_quality(standard(rule()), ground)


def test_what_a_metre_costs_and_what_is_provable_agree(network: WalkNetwork) -> None:
    """The margin times the least cost of a metre is what the verdicts call provable."""
    ground: Ground = prepare(the_district(network, *ON_STREET)).ground
    for one in (rule(), rule(kind="distance_threshold", max_metres={"urban": 500.0})):
        assert isinstance(one, AccessRule)
        proven = ground.least_margin_m() * ground.cost_per_metre(one)
        np.testing.assert_array_equal(ground.provable(one), proven)
    assert ground.cost_per_metre(rule()) == pytest.approx(1 / 66.0)


@pytest.mark.parametrize(
    ("inside", "beyond", "named"),
    [(10, 0, ("drawn.csv",)), (9, 0, ()), (10, 1, ()), (0, 0, ())],
)
def test_a_list_that_ends_at_the_border(
    network: WalkNetwork, inside: int, beyond: int, named: tuple[str, ...]
) -> None:
    """Ten facilities or more of which none lies outside look like a list cut at the border."""
    communities = three()
    places = [*[(100.0 + 10 * i, 200.0) for i in range(inside)], *[(2000.0, 200.0)] * beyond]
    facilities = facilities_m(*[(f"F{i}", "elder_meal", x, y) for i, (x, y) in enumerate(places)])
    demand = people(communities, *ON_STREET)
    district = district_m(network, communities, demand, facilities, standard(rule()))
    found = margin_quality(district.standard, prepare(district).ground)
    assert found.ends_at_border == named


# ---- what stops a run ----------------------------------------------------------------------------


def the_district(
    network: WalkNetwork,
    *places: tuple[float, float],
    rules: Standard | None = None,
    weights: list[float] | None = None,
) -> District:
    """Return the three communities with people at some places and one canteen."""
    communities = three()
    demand = people_m(communities, places, all=weights or [10.0] * len(places))
    canteen = facilities_m(("Hall", "elder_meal", 0, 100))
    return district_m(network, communities, demand, canteen, rules or standard(rule()))


def unwalked(district: District) -> District:
    """Return a district without its streets."""
    nothing = gpd.GeoDataFrame(geometry=[], crs=WGS84)
    drawn = make_basemap(None, water=nothing, green=nothing)
    return replace(district, network=None, basemap=drawn)


def checked(district: District, record: InputRecord | None = None) -> CheckReport:
    """Look a district over."""
    return make_report(record or InputRecord(), prepare(district))


def keys(report: CheckReport, severity: Severity) -> list[str]:
    """Return the keys of the remarks of a severity."""
    return [note.key for note in report.of(severity)]


FAR = [(3100.0, 100.0), (3300.0, 100.0), (3500.0, 100.0), (3700.0, 100.0), (3900.0, 100.0)]


def test_more_than_half_of_the_people_off_the_network_stop_a_run(network: WalkNetwork) -> None:
    """Exactly half do not."""
    stopped = checked(the_district(network, *ON_STREET, *FAR))
    assert keys(stopped, Severity.STOP) == ["check.off_network"]
    assert dict(stopped.of(Severity.STOP)[0].values) == {
        "percent": 56, "count": 5, "total": 9, "limit_m": 250
    }  # fmt: skip
    half = checked(the_district(network, *ON_STREET, *FAR[:4]))
    assert half.may_run
    assert "warnings.off_network" in keys(half, Severity.WARNING)


def test_people_count_and_not_their_points(network: WalkNetwork) -> None:
    """One crowded house near a street outweighs five lonely ones far from any, and back."""
    places = [ON_STREET[0], *FAR]
    assert checked(the_district(network, *places, weights=[100.0] + [1.0] * 5)).may_run
    few = checked(the_district(network, *ON_STREET, FAR[0], weights=[1.0] * 4 + [100.0]))
    assert keys(few, Severity.STOP) == ["check.off_network"]


def test_where_nothing_is_walked_streets_stop_nothing(network: WalkNetwork) -> None:
    """A standard of presence alone does not ask how people get there."""
    report = checked(the_district(network, *FAR, rules=standard_of(presence())))
    assert report.may_run


def test_a_run_without_anybody_is_stopped(network: WalkNetwork) -> None:
    """Without a single demand point there is nobody whose walk could be judged."""
    district = the_district(network, *ON_STREET)
    nobody = replace(
        district.demand,
        x_m=np.array([]),
        y_m=np.array([]),
        community=np.array([], dtype=np.int32),
        weights={"all": np.array([])},
        source=np.full(3, "none", dtype=object),
    )
    report = checked(replace(district, demand=nobody))
    assert keys(report, Severity.STOP) == ["check.no_demand"]
    assert report.found.nowhere == 3


def test_without_streets_a_check_says_so_and_stops_nothing(network: WalkNetwork) -> None:
    """Nothing is said about streets, joins or the edge of a map that is not there."""
    report = checked(unwalked(the_district(network, *ON_STREET)))
    assert report.may_run
    assert (report.streets, report.margins, report.joins) == (None, None, ())
    assert keys(report, Severity.WARNING) == ["warnings.no_network"]


def test_doubts_are_warnings(network: WalkNetwork) -> None:
    """Few streets and a short margin are told and stop nothing."""
    district = the_district(network, *ON_STREET, FAR[0])
    report = checked(replace(district, box=box_degrees(-1100, -900, 4100, 1100)))
    assert report.may_run
    found = keys(report, Severity.WARNING)
    assert {"check.few_streets", "check.short_margin", "warnings.off_network"} <= set(found)


def test_what_was_found_is_counted(network: WalkNetwork) -> None:
    """Communities, homes by source, facilities by service, and what nobody gave."""
    rules = standard(rule(), rule("care", service="childcare"))
    found = checked(the_district(network, *ON_STREET, rules=rules)).found
    assert (found.urban, found.rural, found.nowhere) == (3, 0, 1)
    assert found.homes == (("population", 4),)
    assert found.facilities == (("elder_meal", 1),)
    assert found.absent == ("childcare",)


def test_remarks_are_told_once_the_gravest_first(network: WalkNetwork) -> None:
    """What two places remark is one remark, at its gravest; evidence stays with its layer."""
    twice, evidence = Note.of("warnings.cut_ways", count=7), Note.of("datum.alike")
    ledger = Ledger("a.csv", 3, tuple(doubtful([1, 2], Note.of("reading.zero"))))
    layer = LayerRecord(
        "facilities 1", ledger, (Remark(Severity.NOTE, evidence), Remark(Severity.STOP, twice))
    )
    record = InputRecord((layer,), (Remark(Severity.WARNING, twice),))
    report = checked(the_district(network, *ON_STREET), record)
    assert report.of(Severity.STOP) == (twice,)
    assert [remark.note for remark in report.remarks].count(twice) == 1
    assert evidence not in [remark.note for remark in report.remarks]
    assert Note.of("check.rows_doubtful", origin="a.csv", count=2) in report.of(Severity.NOTE)
    order = [list(Severity).index(remark.severity) for remark in report.remarks]
    assert order == sorted(order)


# ---- joined once ---------------------------------------------------------------------------------


def test_what_was_joined_for_the_check_is_not_joined_again(
    network: WalkNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scoring takes up what the check prepared, and finds the same as by itself."""
    district = the_district(network, *ON_STREET, FAR[0])
    alone = assess(district)
    prepared = prepare(district)

    def again(_: District) -> None:
        message = "joined a second time"
        raise AssertionError(message)

    monkeypatch.setattr(district_module, "_join", again)
    make_report(InputRecord(), prepared)
    together = assess(prepared)
    assert_frame_equal(alone.verdicts, together.verdicts)
    assert_frame_equal(alone.communities, together.communities)
    assert_frame_equal(alone.joins, together.joins)
    assert alone.warnings == together.warnings
