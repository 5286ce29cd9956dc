"""Ranges, zones, figures without a verdict and opening hours, as readers see them."""

from dataclasses import replace
from pathlib import Path

import openpyxl
import pyogrio
import pytest

from circles.assessment import Assessment
from circles.district import assess
from circles.explain import explain_verdict
from circles.explain_rollup import explain_rollup
from circles.maps import render_map
from circles.network import WalkNetwork
from circles.reports.briefing import render_briefing
from circles.reports.layers import write_layers
from circles.reports.summary import summarise
from circles.reports.workbook import write_workbook
from circles.standards.model import Measured, Target
from circles.texts import load_texts
from tests.drawn_district import network_m, rule, standard
from tests.drawn_osm import Drawing
from tests.test_access import by_zone, town

ZH = load_texts("zh")


@pytest.fixture(name="network", scope="module")
def _network(tmp_path_factory: pytest.TempPathFactory) -> WalkNetwork:
    """Build the street: 6 km along the x axis."""
    street = Drawing().node("w", -3000, 0).node("m", 0, 0).node("e", 3000, 0)
    street.way("w m e", highway="residential")
    return network_m(street, tmp_path_factory.mktemp("street"))


def assessed(network: WalkNetwork, *, zone: str | None) -> Assessment:
    """Assess a town under a rule of each sort, with a target of the circle."""
    rules = (
        by_zone(),
        rule("told", min_share=None),
        rule("late", max_minutes={"urban": 9.0}, open_until="20:30"),
    )
    tiers = [standard(rules[0], rules[2]).tiers[0]]
    target = Target(id="t", of=Measured(tier="basic"), setting="urban", min_share=0.9)
    promised = standard(*rules, tiers=tiers, targets=[target])
    district = town(network, *rules, zone=zone, hours=(None,))
    return assess(replace(district, standard=promised))


@pytest.fixture(name="known", scope="module")
def _known(network: WalkNetwork) -> Assessment:
    """Assess the town in the central zone."""
    return assessed(network, zone="central")


def line(run: Assessment, rule_id: str, *, lang: str = "zh") -> str:
    """Return the explanation of a rule's verdict."""
    (row,) = run.verdicts[run.verdicts["rule_id"] == rule_id].to_dict("records")
    return explain_verdict(row, run, load_texts(lang))


def test_an_explanation_tells_of_the_stricter_limit(known: Assessment) -> None:
    """60 % within 15 minutes, 30 % within 10."""
    assert line(known, "meal").startswith(
        "饭堂：100名居民中60%在15分钟内可达（要求50%）；按较严限值10分钟计为30%，不达标；"
    )
    assert "30% within the stricter limit of 10 min: not met" in line(known, "meal", lang="en")


def test_an_explanation_of_a_figure_names_no_share_that_is_needed(known: Assessment) -> None:
    """Nothing is asked, so nothing is said of what is needed."""
    assert line(known, "told").startswith(
        "饭堂：100名居民中60%在15分钟内可达；文件没有写明要求比例"
    )
    assert "needs" not in line(known, "told", lang="en")


def test_an_explanation_tells_what_is_still_open(known: Assessment) -> None:
    """No hall is known to be open; the one there is may be."""
    said = "只计20:30仍开放的0处设施，覆盖0%～30%（另有1处开放时间不明，按不开放和开放各算一次）"
    assert said in line(known, "late")
    assert "the hours of 1 more are not known" in line(known, "late", lang="en")


def test_an_unknown_zone_is_said(network: WalkNetwork) -> None:
    """The reason stands in the sentence, and no share does."""
    run = assessed(network, zone=None)
    assert "社区表没有注明本社区属于哪一类" in line(run, "meal")
    assert "%" not in line(run, "meal").split("；依据")[0]


def test_a_roll_up_says_what_the_stricter_limits_give(network: WalkNetwork) -> None:
    """The lenient circle is met where the strict one is not."""
    run = assess(
        replace(
            town(network, by_zone(), zone="central"),
            standard=standard(
                by_zone(), targets=[Target(id="t", of=Measured(tier="basic"), min_share=0.9)]
            ),
        )
    )
    (row,) = run.rollups.to_dict("records")
    assert explain_rollup(row, run, ZH) == (
        "社区（村）画：1个中1个达标（100%，目标90%）；达标；按较严限值1个中0个达标，不达标。"
    )


@pytest.mark.parametrize("zone", ["central", None])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_output_holds_them(
    network: WalkNetwork, tmp_path: Path, zone: str | None, lang: str
) -> None:
    """Map, briefing, workbook, layers and figures are written, and show both ends."""
    run, texts = assessed(network, zone=zone), load_texts(lang)
    map_html = render_map(run, lang=lang)
    page = render_briefing(run, map_html=map_html, lang=lang)
    assert texts("words.verdict_reported") in page
    write_workbook(run, tmp_path / "book.xlsx", lang=lang)
    sheets = openpyxl.load_workbook(tmp_path / "book.xlsx").worksheets
    cells = {str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row}
    headings = ("strict_verdict", "strict_met", "open_until", "open_share_low", "p90_cost")
    assert {texts(f"workbook.{name}") for name in headings} <= cells
    assert texts("words.verdict_reported") in cells
    assert (texts("words.zone_central") in cells) == (zone is not None)
    write_layers(run, tmp_path / "out.gpkg", lang=lang)
    layer = pyogrio.read_dataframe(tmp_path / "out.gpkg", layer="communities")
    assert {"meal_strict_verdict", "late_open_share_low", "tier_basic_score"} <= set(layer.columns)
    assert not {"told_strict_verdict", "meal_open_share_low"} & set(layer.columns)
    figures = summarise(run)["communities"]["a"]["rules"]
    assert figures["told"]["verdict"] is None
    assert (figures["meal"]["strict_verdict"] == "not_met") == (zone is not None)
    assert "strict_verdict" not in figures["told"]
