"""Presence, ratios and inventories in a run: in circles and targets, in every output, in words."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from circles.district import assess
from circles.inputs import read_district
from circles.project import load_project
from circles.reports.briefing import render_briefing
from circles.reports.other_lines import other_lines
from circles.texts import load_texts
from tests.small_town import Town, make_town, run_circles

RULES = """\
[[rules]]
id = "canteen-each"
kind = "presence"
service = "elder_meal"
name = { zh = "每个社区设长者饭堂", en = "A canteen in each community" }
per = "community"
min = 1
assumptions = ["drawn"]

[[rules]]
id = "library-each"
kind = "presence"
service = "culture"
name = { zh = "每个社区设图书馆", en = "A library in each community" }
per = "community"
min = 1
assumptions = ["drawn"]

[[rules]]
id = "canteens-ratio"
kind = "capacity_ratio"
name = { zh = "每千人长者饭堂", en = "Canteens per thousand" }
numerator = { services = ["elder_meal"], capacity = "count" }
denominators = [{ column = "population" }]
per = 1000
min = 1000
levels = ["community", "district"]
assumptions = ["drawn"]

[[rules]]
id = "workers"
kind = "capacity_ratio"
name = { zh = "社区工作者", en = "Workers" }
numerator = { column = "community_workers" }
denominators = [{ column = "population" }]
per = 1000
min = 1
levels = ["community"]
assumptions = ["drawn"]

[[rules]]
id = "inventory"
kind = "inventory"
service = "elder_meal"
name = { zh = "饭堂总数", en = "All canteens" }
level = "district"
count = 500
as_of = 2020-12-31
assumptions = ["drawn"]

"""
TARGET = """
[[targets]]
id = "canteens"
of = { rule = "canteen-each" }
level = "city"
min_share = 1.0
assumptions = ["drawn"]

[[tiers]]
id = "present"
name = { zh = "设点圈", en = "Presence circle" }
rules = ["canteen-each"]
assumptions = ["drawn"]

[[tiers]]
id = "unknown"
name = { zh = "未知圈", en = "Unknown circle" }
rules = ["library-each"]
assumptions = ["drawn"]
"""


@pytest.fixture(name="town", scope="module")
def _town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Draw the town and let its standard ask for more than time and distance."""
    town = make_town(tmp_path_factory.mktemp("town") / "town")
    text = town.standard.read_text("utf-8").replace("[[tiers]]", RULES + "[[tiers]]", 1)
    town.standard.write_text(text + TARGET, "utf-8")
    outcome = run_circles("run", town.project)
    assert outcome.code == 0, outcome
    return town


@pytest.fixture(name="summary", scope="module")
def _summary(town: Town) -> Any:
    return json.loads((town.project.parent / "out" / "results.json").read_text("utf-8"))


def found(summary: Any, rule_id: str, level: str = "community") -> dict[str, dict[str, Any]]:
    """Return a rule's findings by unit."""
    rows = summary["findings"]
    return {r["unit_id"]: r for r in rows if (r["rule_id"], r["level"]) == (rule_id, level)}


def test_every_rule_finds_something_in_every_community(summary: Any) -> None:
    """Facilities that were given are counted; a layer or column nobody gave leads to no verdict."""
    communities = set(summary["communities"])
    counted = found(summary, "canteen-each")
    assert set(counted) == communities
    assert {row["verdict"] == "met" for row in counted.values()} == {True, False}
    for row in counted.values():
        assert (row["verdict"] == "met") == (row["value"] >= 1)
    for rule_id, reason in (("library-each", "layer_missing"), ("workers", "column_missing")):
        rows = found(summary, rule_id).values()
        assert {(row["verdict"], row["reason"]) for row in rows} == {("insufficient_data", reason)}


def test_a_ratio_is_a_sum_over_a_sum(summary: Any) -> None:
    """What is counted in the communities adds up to what is counted over all of them."""
    parts = found(summary, "canteens-ratio").values()
    (whole,) = found(summary, "canteens-ratio", "district").values()
    for name in ("numerator", "denominator"):
        assert whole[name] == pytest.approx(sum(row[name] or 0.0 for row in parts))
    assert whole["value"] == pytest.approx(1000 * whole["numerator"] / whole["denominator"])
    assert whole["verdict"] == "not_met"


def test_presence_counts_in_circles_and_targets(summary: Any) -> None:
    """A circle of one presence rule has its verdicts, and the target counts them."""
    verdicts = {unit: row["verdict"] for unit, row in found(summary, "canteen-each").items()}
    for community, own in summary["communities"].items():
        assert own["tiers"]["present"] == verdicts[community]
        assert own["tiers"]["unknown"] == "insufficient_data"
    rollup = summary["rollups"]["canteens"]
    assert rollup["numerator"] == sum(verdict == "met" for verdict in verdicts.values())
    assert rollup["denominator"] == len(verdicts)
    assert rollup["strict_met"] == rollup["numerator"]


def test_an_inventory_that_differs_is_a_warning_on_every_page(town: Town, summary: Any) -> None:
    """It has no verdict; the map, the briefing, the workbook and both JSON files warn."""
    (row,) = found(summary, "inventory", "district").values()
    assert (row["verdict"], row["reason"]) == (None, "inventory_differs")
    out = town.project.parent / "out"
    assert "All canteens" in (out / "briefing.html").read_text("utf-8")
    page = (out / "map.html").read_text("utf-8")
    assert any(note["en"] in page for note in summary["warnings"] if "All canteens" in note["en"])
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert any("All canteens" in json.dumps(note) for note in manifest["warnings"])
    book = openpyxl.load_workbook(out / "communities.xlsx")
    told = [str(cell) for line in book["Assumptions"].values for cell in line if cell]
    assert any("All canteens" in words for words in told)


def test_the_workbook_lists_other_rules(town: Town, summary: Any) -> None:
    """One row a finding, with what was found and what is required."""
    book = openpyxl.load_workbook(town.project.parent / "out" / "communities.xlsx")
    lines = [line for line in book["Other rules"].values if "A canteen in each community" in line]
    assert len(lines) == len(summary["communities"])
    assert any("0 facilities" in line and "at least 1 facility" in line for line in lines)


def test_the_map_and_the_briefing_tell_of_other_rules(town: Town) -> None:
    """A community's card has its presence; the briefing has the roll-up and the ratio."""
    out = town.project.parent / "out"
    assert "A canteen in each community" in (out / "map.html").read_text("utf-8")
    run = assess(read_district(load_project(town.project)))
    names = [line.rule for line in other_lines(run, load_texts("en"))]
    assert names == ["A canteen in each community", "Canteens per thousand"]
    page = render_briefing(run, map_html="<p></p>", lang="zh")
    assert "每个社区设长者饭堂" in page


def test_explain_tells_every_rule_of_a_community(town: Town, summary: Any) -> None:
    """By id or by name: verdict, what it asks, what is assumed, what would change it."""
    out = town.project.parent / "out"
    verdicts = found(summary, "canteen-each")
    community = next(unit for unit, row in verdicts.items() if row["verdict"] == "not_met")
    name = summary["communities"][community]["name"]
    told = [run_circles("explain", out, key, "--lang", "en") for key in (community, name)]
    assert told[0].code == 0
    assert told[0].out == told[1].out
    text = told[0].out
    assert "[not met] A canteen in each community: 0 facilities, at least 1" in text
    assert "what would change it: met with 1 facility more" in text
    assert "assumed: Made for tests." in text
    assert "[insufficient data] Workers: the community table has no figures" in text
    rules = summary["communities"][community]["rules"]
    assert sum(line.startswith("[") for line in text.splitlines()) == len(rules) + 4
    order = [line[1 : line.index("]")] for line in text.splitlines() if line.startswith("[")]
    ranks = ["not met", "insufficient data", "met", "not applicable"]
    assert order == sorted(order, key=ranks.index)


def test_explain_names_the_nearest_of_an_unknown_community(town: Town, summary: Any) -> None:
    """A name that is not there is an error that lists ids and names."""
    outcome = run_circles("explain", town.project.parent / "out", "nowhere at all")
    assert outcome.code == 2
    assert "there is no community 'nowhere at all'" in outcome.err
    assert any(community in outcome.err for community in summary["communities"])


def test_explain_refuses_a_folder_without_results(tmp_path: Path) -> None:
    """A folder that holds no results, or a broken one, is named."""
    outcome = run_circles("explain", tmp_path, "x")
    assert (outcome.code, "results.json" in outcome.err) == (2, True)
    for content in ("[]", "{", "{}"):
        for name in ("results.json", "manifest.json"):
            (tmp_path / name).write_text(content, "utf-8")
        assert run_circles("explain", tmp_path, "x").code == 2
