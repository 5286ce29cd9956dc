"""`circles check` and the check before a run, from files to what is printed and written."""

import json
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import circles
from circles.check.words import clean
from circles.errors import FaultsError, InputError
from circles.outputs import FILES
from circles.pipeline import run_project
from circles.texts import LANGS, load_texts
from tests.browser import Browser
from tests.small_town import (
    Town,
    make_town,
    rectangle,
    run_circles,
    town_communities,
    write_communities,
)

ROOT = Path(__file__).parent.parent

#: A row for each thing that can happen to one, from row 2.
BROKEN = """\
name,service,lon,lat,beds
Canteen West,elder_meal,113.302,23.102,10
Canteen North,elder_meal,113.306,23.108,12
Nursery,childcare,113.304,23.104,
no place,elder_meal,,,
zero,elder_meal,0,0,
half,elder_meal,113.302,,
swapped,elder_meal,23.1035,113.3035,
word,elder_meal,abc,23.1,
thing,teapot,113.301,23.101,
Canteen West,elder_meal,113.302,23.102,10
bad beds,elder_meal,113.303,23.103,many
<b>\u202eevil</b>,teapot2,113.301,23.101,
合计,,,,
"""
#: What becomes of them, and the words that say why.
FATES = {
    5: ("set_aside", "No coordinates"),
    6: ("set_aside", "The coordinate is 0"),
    7: ("set_aside", "Only one of longitude and latitude"),
    8: ("repaired", "Longitude and latitude are swapped"),
    9: ("set_aside", "cannot be understood: abc"),
    10: ("set_aside", "teapot thing"),
    11: ("set_aside", "the same “Elder canteen” as row 2"),
    12: ("doubtful", "“many” in column “beds”"),
    13: ("set_aside", "teapot2"),
    14: ("set_aside", "A row of totals"),
}


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Draw the town into a folder of its own."""
    return make_town(tmp_path / "town")


@pytest.fixture
def broken(town: Town) -> Town:
    """Spoil the town's list of facilities."""
    town.facilities.write_text(BROKEN, "utf-8")
    return town


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text("utf-8"))


# ---- the command ---------------------------------------------------------------------------------


def test_every_row_of_a_broken_table_is_shown_with_its_reason(broken: Town) -> None:
    """In the terminal, on the page and in the JSON file; the sound rows are not."""
    page, record = broken.folder / "page.html", broken.folder / "record.json"
    outcome = run_circles("check", broken.project, "--html", page, "--json", record)
    assert (outcome.code, outcome.err) == (0, "")
    layer = next(x for x in read_json(record)["layers"] if x["role"] == "facilities 1")
    told = {
        row: (part["fate"], part["reason"]["text"]["en"])
        for part in layer["rows"]
        for row in part["rows"]
    }
    assert told.keys() == FATES.keys()
    for row, (fate, words) in FATES.items():
        assert told[row][0] == fate, row
        assert words in told[row][1], row
        assert f"row {row}: {clean(told[row][1], longest=500)}" in outcome.out, row
        assert f">row {row}</td>" in page.read_text("utf-8"), row
    assert (layer["read"], layer["used"], layer["set_aside"]) == (13, 5, 8)


def test_a_check_writes_nothing_unless_asked(broken: Town) -> None:
    """And what it writes then is where it was told."""
    before = broken.files()
    assert run_circles("check", broken.project, "--all").code == 0
    assert broken.files() == before


@pytest.mark.parametrize("lang", LANGS)
def test_no_hostile_name_reaches_the_terminal(broken: Town, lang: str) -> None:
    """Neither a check nor a run prints a sign that turns the line."""
    for command in ("check", "run"):
        outcome = run_circles(command, broken.project, "--lang", lang)
        assert outcome.code == 0, outcome.err
        assert "evil" in outcome.out
        assert "\u202e" not in outcome.out


def test_too_few_rows_stop_a_check_and_a_run(town: Town) -> None:
    """Exit code 2, the reason, and what to do; nothing is written; the share is the reader's."""
    rows = ["name,service,lon,lat", "Canteen,elder_meal,113.302,23.102"]
    town.facilities.write_text("\n".join([*rows, *["x,elder_meal,,"] * 3]) + "\n", "utf-8")
    before = town.files()
    check, run = (run_circles(command, town.project) for command in ("check", "run"))
    assert (check.code, run.code) == (2, 2)
    words = "facilities.csv: 3 of 4 rows cannot be used"
    assert check.out.startswith("Do not run yet.")
    assert f"× {words}" in check.out
    assert "rows 3-5 (3): No coordinates." in check.out
    assert run.out == ""
    assert f"  - {words}" in run.err
    assert "circles check" in run.err
    assert town.files() == before
    with town.project.open("a", encoding="utf-8") as file:
        file.write("\n[check]\nmin_used_share = 0.25\n")
    assert run_circles("run", town.project).code == 0


def test_a_list_of_a_whole_city_is_no_bad_list(town: Town) -> None:
    """Rows that no service is told from do not stop a run, however many they are."""
    rows = ["name,service,lon,lat", "Canteen,elder_meal,113.302,23.102"]
    town.facilities.write_text("\n".join([*rows, *["x,teapot,113.3,23.1"] * 30]) + "\n", "utf-8")
    assert run_circles("check", town.project).code == 0


def test_people_elsewhere_stop_a_run(town: Town) -> None:
    """Most of the people live where the map has no streets."""
    island = town_communities()[0] | {
        "geometry": {"type": "Polygon", "coordinates": [rectangle((-2, -2), (-1.4, -1.4))]}
    }
    write_communities(town.communities, [island])
    people = town.folder / "people.csv"
    people.write_text("lon,lat,people\n113.2962,23.0964,50\n113.2964,23.0966,50\n", "utf-8")
    table = '[demand]\nsource = "people.csv"\npopulation = { all = "people" }\n\n[output]'
    town.edit(("[output]", table))
    outcome = run_circles("check", town.project)
    assert outcome.code == 2
    assert "× 100% of the people (2 of 2 demand points)" in outcome.out


def test_all_parts_that_cannot_be_read_are_named_at_once(town: Town) -> None:
    """One check shows the faults of two lists and of the people; a run stops at the first."""
    town.facilities.write_text("name,service\nCanteen,elder_meal\n", "utf-8")
    (town.folder / "more.csv").write_text("a\n1\n", "utf-8")
    (town.folder / "people.csv").write_text("lon,lat,n\n113.302,23.102,5\n", "utf-8")
    more = (
        '[[facilities]]\npath = "more.csv"\nservice = "childcare"\n\n[demand]\n'
        'source = "people.csv"\npopulation = { all = "people" }\n\n[output]'
    )
    town.edit(("[output]", more))
    outcome = run_circles("check", town.project)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "3 faults" in outcome.err
    for name in ("facilities.csv", "more.csv", "people.csv"):
        assert name in outcome.err, name
    with pytest.raises(FaultsError) as caught:
        circles.check_project(town.project)
    assert len(caught.value.faults) == 3


def test_faults_behind_a_fault_are_found(town: Town) -> None:
    """Where the communities cannot be read, the lists are opened all the same."""
    town.communities.write_text("no GeoJSON", "utf-8")
    town.facilities.write_text("name,service\nCanteen,elder_meal\n", "utf-8")
    err = run_circles("check", town.project).err
    assert "communities.geojson" in err
    assert "facilities.csv" in err
    town.extract.write_bytes(b"no extract")
    err = run_circles("check", town.project).err
    for name in ("town.osm.pbf", "communities.geojson", "facilities.csv"):
        assert name in err, name


def test_a_single_fault_keeps_its_own_message(town: Town) -> None:
    """Nothing is said twice or wrapped where one part alone is at fault."""
    town.facilities.write_text("name,service\nCanteen,elder_meal\n", "utf-8")
    check, run = (run_circles(command, town.project) for command in ("check", "run"))
    assert check.err == run.err
    assert check.code == 2


@pytest.mark.parametrize("option", ["--html", "--json"])
def test_a_report_never_replaces_an_input(town: Town, option: str) -> None:
    """And a place that cannot be written to is told in one line."""
    before = town.files()
    outcome = run_circles("check", town.project, option, town.facilities)
    assert outcome.code == 1
    assert "choose another name" in outcome.err
    outcome = run_circles("check", town.project, option, town.folder / "no" / "report")
    assert outcome.code == 1
    assert "cannot be written" in outcome.err
    assert town.files() == before


# ---- in a run ------------------------------------------------------------------------------------


def test_a_run_leaves_the_check_with_its_results(broken: Town) -> None:
    """The page, the record, and the counts in every file that has them, all the same."""
    outcome = run_circles("run", broken.project)
    assert outcome.code == 0, outcome.err
    assert "The inputs: 8 of 16 rows used, 1 repaired, 8 set aside" in outcome.out
    record, manifest = (read_json(broken.out / f"{n}.json") for n in ("check", "manifest"))
    assert manifest["check"] == broken.results()["check"]
    layers = manifest["check"]["layers"]
    assert [(one["role"], one["read"], one["used"]) for one in layers] == [
        ("communities", 3, 3),
        ("facilities 1", 13, 5),
    ]
    assert [one["used"] for one in record["layers"]] == [3, 5]
    page = (broken.out / "check.html").read_text("utf-8")
    assert "only one of longitude" in page.lower()


def test_a_check_by_itself_says_what_a_run_leaves(broken: Town) -> None:
    """The command writes the same bytes as the run does."""
    page, record = broken.folder / "page.html", broken.folder / "record.json"
    assert run_circles("check", broken.project, "--html", page, "--json", record).code == 0
    assert run_circles("run", broken.project).code == 0
    assert page.read_bytes() == (broken.out / "check.html").read_bytes()
    assert record.read_bytes() == (broken.out / "check.json").read_bytes()


@pytest.mark.parametrize("lang", LANGS)
def test_the_briefing_and_the_workbook_tell_of_the_inputs(broken: Town, lang: str) -> None:
    """A section with the counts and a link; a sheet with the counts and the reasons."""
    assert run_circles("run", broken.project, "--lang", lang).code == 0
    texts = load_texts(lang)
    briefing = (broken.out / "briefing.html").read_text("utf-8")
    section = briefing[briefing.index(texts("check.section")) :]
    assert '<a href="check.html">' in section
    assert "facilities.csv" in section
    sheet = openpyxl.load_workbook(broken.out / "communities.xlsx")[texts("check.sheet")]
    cells = [[cell for cell in row if cell is not None] for row in sheet.values]
    facilities = texts("check.role_facilities")
    assert [f"{facilities} 1", "facilities.csv", 13, 5, 1, 1, 8] in cells
    aside = [row for row in cells if texts("check.set_aside") in row and "facilities.csv" in row]
    assert sum(int(str(row[3])) for row in aside) == 8
    assert [f"{facilities} 1", "facilities.csv", texts("check.set_aside"), 1] in [
        row[:4] for row in aside
    ]


def test_equal_inputs_give_equal_checks(broken: Town) -> None:
    """Each file of the results but run.json has the same bytes again."""
    for folder in ("one", "two"):
        assert run_circles("run", broken.project, "--out", broken.folder / folder).code == 0
    for name in set(FILES) - {"run.json"}:
        one, two = (broken.folder / folder / name for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), name


def test_the_library_gives_the_report(broken: Town) -> None:
    """`circles.check_project` and a run's result have the same."""
    report = circles.check_project(broken.project)
    assert report.may_run
    assert run_project(broken.project).check == report


def test_a_run_that_is_stopped_raises_an_error(town: Town) -> None:
    """A program hears of it as of any other wrong input."""
    text = "name,service,lon,lat\n" + "x,elder_meal,,\n" * 3 + "y,elder_meal,113.3,23.1\n"
    town.facilities.write_text(text, "utf-8")
    with pytest.raises(InputError, match="3 of 4 rows cannot be used"):
        run_project(town.project)
    assert not circles.check_project(town.project).may_run


# ---- as a reader sees it -------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_in_a_browser(broken: Town, lang: str) -> None:
    """It complains of nothing, asks for nothing, and fits its width."""
    page_file = broken.folder / "page.html"
    assert run_circles("check", broken.project, "--lang", lang, "--html", page_file).code == 0
    with Browser() as browser, browser.page() as page:
        page.open(page_file)
        assert page.complaints == []
        assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
        assert page.ask("document.documentElement.scrollWidth <= innerWidth") is True
        assert "evil" in page.ask("document.body.innerText")
        assert page.ask("document.querySelectorAll('td b').length") == 0


# ---- real places ---------------------------------------------------------------------------------


@pytest.mark.real
def test_las_palmas() -> None:
    """A real extract: one city of streets, few homes off them, in good time."""
    started = time.perf_counter()
    report = circles.check_project(ROOT / "examples" / "las_palmas.toml")
    assert time.perf_counter() - started < 60
    assert report.may_run
    assert report.streets is not None
    assert report.streets.length_km > 500
    assert report.streets.homes_off < 0.02 * report.streets.homes
    assert report.margins is not None
    assert sum(count for _, count in report.found.facilities) > 100
