"""A whole standard at once: the rules of all kinds that are not about access."""

import re
from pathlib import Path
from string import Formatter

import pandas as pd
import pytest

import circles.evaluation
from circles.evaluation import Evaluation, OnFoot, Stock, evaluate, unit_verdicts
from circles.evaluation.units import Area
from circles.network import WalkNetwork
from circles.standards.model import Settings, Standard
from circles.texts import LANGS, load_texts
from tests.drawn_district import network_m, rule
from tests.drawn_osm import Drawing
from tests.drawn_units import (
    area_of,
    inventory,
    on_foot,
    people_in_a_row,
    presence,
    ratio,
    standard_of,
    stock_of,
    unit_rule,
)

HOMES = ((50.0, 100.0), (150.0, 300.0), (350.0, 200.0))
REASONS = {key.removeprefix("findings.") for key in load_texts("en").words if "findings." in key}


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """One street through the middle of the row of communities."""
    drawing = Drawing().node("w", -3000, 50).node("e", 3000, 50).way("w e", highway="residential")
    return network_m(drawing, Path(tmp_path_factory.mktemp("street")))


def everything() -> Standard:
    """Return a standard with a rule of each kind."""
    return standard_of(
        rule("near", service="childcare"),
        inventory(count=1036),
        presence(),
        ratio(
            catchment={"rule": "near"},
            levels=("community", "street", "city"),
            denominators=({"column": "population"}, {"column": "population_urban"}),
        ),
        unit_rule(
            {"measure": "households", "min": 3000},
            {"measure": "walk_minutes_to_centre", "max": 30},
            settings=("urban", "cungaiju"),
        ),
        settings=Settings(classes={"cungaiju": "urban"}),
    )


def the_row(network: WalkNetwork, *, given: bool = True) -> tuple[Area, Stock, OnFoot]:
    """Return four communities with people and facilities, or without any layer."""
    demand = people_in_a_row(*HOMES, rows=4)
    area = area_of(
        4,
        population={"all": [100, 300, 0, 200]},
        demand=demand,
        street=["甲", "甲", None, "乙"],
        households=[4000.0, 100.0, 3000.0, float("nan")],
    )
    places = (
        ("childcare", 100.0),
        ("childcare", 2900.0),
        ("elder_station", 50.0),
        ("elder_meal", 60.0),
        ("gov_service", 70.0),
    )
    stock = stock_of(
        area,
        *(places if given else ()),
        places=[10.0, 7.0, None, None, None] if given else [],
        serves=["c0", "月球", "c1", None, None] if given else [],
    )
    return area, stock, on_foot(network, demand, stock)


@pytest.fixture(name="found")
def _found(network: WalkNetwork) -> Evaluation:
    """Evaluate the standard on the row."""
    return evaluate(everything(), *the_row(network))


def test_every_rule_has_its_findings_in_the_order_of_the_standard(found: Evaluation) -> None:
    """One table for all kinds; access rules are not in it."""
    table = found.findings
    assert table["rule_id"].drop_duplicates().tolist() == ["count", "present", "ratio", "size"]
    rows = table.groupby("rule_id").size()
    assert rows["present"] == 4
    # Two denominators and a catchment in 4 communities, 2 streets and one row without, 1 city.
    assert rows["ratio"] == 3 * (4 + 3 + 1)
    assert rows["size"] == 2 * 4
    assert table.index.tolist() == list(range(len(table)))


def test_a_rule_has_one_verdict_on_a_unit(found: Evaluation) -> None:
    """Each pair of a rule and a unit occurs once; what is not judged does not occur."""
    verdicts = unit_verdicts(found.findings)
    assert not verdicts.duplicated(["rule_id", "level", "unit_id"]).any()
    assert "count" not in set(verdicts["rule_id"])
    size = verdicts[verdicts["rule_id"] == "size"].set_index("unit_id")["verdict"]
    assert size.to_dict() == {
        "c0": "met",
        "c1": "not_met",
        "c2": "met",
        "c3": "insufficient_data",
    }


def test_notes_say_what_was_assumed_and_what_to_look_at(found: Evaluation) -> None:
    """Each once, and each can be put into words."""
    assert [note.key for note in found.assumptions] == [
        "assumptions.population_by_setting",
        "assumptions.catchment_border",
        "assumptions.centre",
        "assumptions.class_unused",
    ]
    assert [note.key for note in found.warnings] == [
        "warnings.serves_unknown",
        "warnings.inventory",
        "warnings.catchment_unreached",
    ]
    for lang in LANGS:
        texts = load_texts(lang)
        for note in found.assumptions + found.warnings:
            words = texts.note(note)
            assert words
            assert "{" not in words


def test_facilities_within_nobodys_reach_are_listed(found: Evaluation) -> None:
    """The one at the end of the street takes 7 children, of whom none comes."""
    assert found.unreached[["rule_id", "facility_id", "capacity"]].to_numpy().tolist() == [
        ["ratio", "f1", 7.0]
    ]
    assert found.unreached["off_network"].tolist() == [False]


def test_a_standard_without_such_rules_leaves_its_tables_empty(network: WalkNetwork) -> None:
    """Their columns are there all the same."""
    nothing = evaluate(standard_of(rule("near")), *the_row(network))
    something = evaluate(everything(), *the_row(network))
    assert nothing.findings.empty
    assert nothing.unreached.empty
    assert nothing.findings.columns.tolist() == something.findings.columns.tolist()
    assert nothing.unreached.columns.tolist() == something.unreached.columns.tolist()
    assert [note.key for note in nothing.warnings] == ["warnings.serves_unknown"]
    assert nothing.assumptions == ()


def test_without_any_layer_no_rule_about_facilities_is_met_or_not(network: WalkNetwork) -> None:
    """A missing layer is never a zero, in any kind of rule."""
    table = evaluate(everything(), *the_row(network, given=False)).findings
    of_facilities = table[(table["measure"] != "households") & (table["reason"] != "nobody")]
    assert set(of_facilities["verdict"].dropna()) == {"insufficient_data"}
    assert set(of_facilities["reason"]) == {"layer_missing", "no_street"}
    assert set(table.loc[table["reason"] == "nobody", "unit_id"]) == {"c2"}  # nobody lives there


def test_evaluating_changes_none_of_its_inputs(network: WalkNetwork) -> None:
    """Tables go in and come out as they were."""
    area, stock, walkers = the_row(network)
    before = area.table.copy(), area.population.copy(), stock.facilities.copy()
    evaluate(everything(), area, stock, walkers)
    after = area.table, area.population, stock.facilities
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_the_same_inputs_give_the_same_findings(network: WalkNetwork) -> None:
    """Twice the same, to the last digit."""
    one, other = (evaluate(everything(), *the_row(network)) for _ in range(2))
    pd.testing.assert_frame_equal(one.findings, other.findings)
    assert one.warnings == other.warnings


def test_every_reason_is_put_into_words_with_its_gaps_filled(network: WalkNetwork) -> None:
    """What a finding knows is what its text asks for."""
    for given in (True, False):
        table = evaluate(everything(), *the_row(network, given=given)).findings
        for reason, values in zip(table["reason"], table["reason_values"], strict=True):
            for lang in LANGS:
                words = load_texts(lang).words[f"findings.{reason}"]
                gaps = {name for _, name, _, _ in Formatter().parse(words) if name}
                assert gaps == dict(values).keys(), reason


def test_every_reason_has_a_text_and_every_text_a_reason() -> None:
    """The texts of findings are those that the modules speak of."""
    folder = Path(circles.evaluation.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    words = set(re.findall(r'"([a-z_]+)"', source)) | {"no_street", "no_district"}
    assert words >= REASONS
