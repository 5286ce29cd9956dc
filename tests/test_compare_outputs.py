"""What a comparison writes: lines, a page, JSON and a workbook, whatever names the tables hold."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import circles
from circles.comparing import Comparison, comparison_lines, write_comparison
from circles.comparing.page import render_comparison
from circles.comparing.record import comparison_json
from circles.comparing.workbook import comparison_workbook
from circles.errors import InputError, OutputError
from circles.maps.offline import refuse_outside_references
from circles.texts import LANGS, load_texts
from tests.compared_towns import canteen, edited, people, scored, share
from tests.small_town import run_circles

HOSTILE = '=1+1<script>alert(1)</script>\u202e"&\n'


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Score the town as it is drawn, and with a canteen, people and another share."""
    folder = tmp_path_factory.mktemp("runs")
    return scored(folder / "old"), scored(folder / "new", canteen, people, share(0.3))


@pytest.fixture(scope="module")
def comparison(runs: tuple[Path, Path]) -> Comparison:
    """Compare the two."""
    return circles.compare(*runs)


@pytest.fixture
def copies(runs: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """Copy the two results folders, to be spoilt."""
    old, new = tmp_path / "one", tmp_path / "two"
    shutil.copytree(runs[0], old)
    shutil.copytree(runs[1], new)
    return old, new


def spoilt_names(folder: Path) -> None:
    """Give a community, a rule and a nearest facility hostile names."""

    def change(results: Any) -> None:
        results["communities"]["A2"]["name"] = HOSTILE
        results["communities"]["A2"]["rules"]["meal"]["nearest_facility"] = HOSTILE

    def asked(manifest: Any) -> None:
        manifest["parameters"]["standard"]["rules"][0]["name"] = {"zh": HOSTILE, "en": HOSTILE}
        manifest["inputs"][1].update(path=HOSTILE, sha256="0")

    edited(folder, "results.json", change)
    edited(folder, "manifest.json", asked)


def test_the_terminal_says_the_answer_first(comparison: Comparison) -> None:
    """The first line counts better and worse; verdicts and causes follow, and what is no change."""
    lines = list(comparison_lines(comparison, load_texts("en")))
    assert lines[0] == (
        "Of 6 pairs of a community and a service, 1 got better, 0 got worse, 2 differ without "
        "being better or worse for certain, and the others are as before."
    )
    told = next(line for line in lines if line.startswith("+ East; Canteens"))
    assert "not met → met" in told
    assert "33.3% → 100.0%" in told
    assert "either alone changes the verdict" in told
    assert "new: Canteen East" in told
    assert lines[-1].startswith("Differences below 0.1 percentage points, 1 person, 0.1 min")


def test_the_terminal_speaks_chinese(comparison: Comparison) -> None:
    """The same in Chinese."""
    lines = list(comparison_lines(comparison, load_texts("zh")))
    assert lines[0].startswith("共比较6项（社区×服务）：变好1项，变差0项，另有2项有变化")
    assert any("新增“Canteen East”" in line for line in lines)


def test_no_difference_is_one_clear_line(runs: tuple[Path, Path]) -> None:
    """Comparing a run with itself says that nothing differs."""
    same = circles.compare(runs[0], runs[0])
    for lang, word in (("zh", "没有变化"), ("en", "No change")):
        assert next(comparison_lines(same, load_texts(lang))).startswith(word)
        assert word in render_comparison(same, lang=lang)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_asks_for_nothing_and_is_sealed(comparison: Comparison, lang: str) -> None:
    """No script may run, nothing is loaded, and the same comparison gives the same bytes."""
    page = render_comparison(comparison, lang=lang)
    refuse_outside_references(page)
    assert "default-src 'none'; script-src 'none'" in page
    assert page == render_comparison(comparison, lang=lang)


@pytest.mark.parametrize("lang", LANGS)
def test_hostile_names_are_shown_and_do_nothing(copies: tuple[Path, Path], lang: str) -> None:
    """Names that are markup, a formula or turn the text stay names in every output."""
    spoilt_names(copies[1])
    comparison = circles.compare(*copies)
    page = render_comparison(comparison, lang=lang)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "=1+1&lt;script&gt;" in page
    assert all("\n" not in line for line in comparison_lines(comparison, load_texts(lang)))
    book = openpyxl.load_workbook(BytesIO(comparison_workbook(comparison, lang=lang)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(str(cell.value).startswith("=1+1<script>") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"n", "s"}


def test_the_json_file_has_every_row_in_both_languages(comparison: Comparison) -> None:
    """It can be read back, has the tables' rows, and the same bytes each time."""
    text = comparison_json(comparison)
    content = json.loads(text)
    assert content["schema"] == "circles.comparison/1"
    assert {name: len(content[name]) for name in comparison.tables} == {
        name: len(table) for name, table in comparison.tables.items()
    }
    told = next(row for row in content["verdicts"] if row["community_id"] == "A2")
    assert set(told["evidence"][0]["text"]) == {"zh", "en"}
    assert text == comparison_json(comparison)


def test_the_workbook_has_figures_to_sort(comparison: Comparison) -> None:
    """Shares and people are numbers; the same comparison gives the same bytes."""
    content = comparison_workbook(comparison, lang="en")
    assert content == comparison_workbook(comparison, lang="en")
    sheet = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
    row = next(row for row in sheet.iter_rows(values_only=True) if "East" in row)
    assert row[5:7] == ("not met", "met")
    assert row[7:9] == pytest.approx((1 / 3, 1), abs=1e-6)
    assert row[9:11] == pytest.approx((500 / 3, 500), abs=1e-3)


def test_the_command_prints_and_writes(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """All files are written; worse results are no error."""
    names = [tmp_path / f"changes.{ending}" for ending in ("html", "json", "xlsx")]
    options = [word for name in names for word in (f"--{name.suffix[1:]}", name)]
    outcome = run_circles("compare", *runs[::-1], "--lang", "en", *options)
    assert outcome.code == 0, outcome.err
    assert "1 got worse" in outcome.out
    assert all(name.stat().st_size > 1000 for name in names)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(n.name for n in names)


def test_files_go_nowhere_harmful(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Not into a folder that is compared, not two into one, and all of them or none."""
    comparison = circles.compare(*runs)
    with pytest.raises(OutputError, match="results folder that is compared"):
        write_comparison(comparison, html=runs[0] / "map.html", inputs=runs)
    with pytest.raises(OutputError, match="two of the files"):
        write_comparison(comparison, html=tmp_path / "a", json=tmp_path / "a")
    with pytest.raises(OutputError, match="cannot be written"):
        write_comparison(comparison, html=tmp_path / "a", json=tmp_path / "no" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["results.json", "manifest.json", "results.gpkg"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\xff\xfe\x00", b'{"a": ' * 5000])
def test_a_folder_that_is_no_results_is_refused(
    copies: tuple[Path, Path], name: str, content: bytes | None
) -> None:
    """A missing or damaged file is named, with what to do; the exit code is 2."""
    path = copies[1] / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    outcome = run_circles("compare", *copies)
    assert outcome.code == 2
    assert name in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(schema="circles.results/9"),
        lambda r: r.update(communities=[]),
        lambda r: r["communities"].pop("A1"),
        lambda r: r["communities"]["A1"]["rules"]["meal"].update(share_low="much"),
        lambda r: r["communities"]["A1"]["rules"]["meal"].update(share_low=float("nan")),
        lambda r: r["communities"]["A1"].pop("rules"),
        lambda r: r.pop("rollups"),
        lambda r: r.update(findings={"a": 1}),
    ],
)
def test_results_of_another_make_are_refused(
    copies: tuple[Path, Path], change: Callable[[Any], None]
) -> None:
    """What is not as this version writes it ends in one message."""
    edited(copies[1], "results.json", change)
    with pytest.raises(InputError, match="run it again"):
        circles.compare(*copies)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says which, and what a results folder is."""
    with pytest.raises(InputError, match=r"nowhere.*circles run"):
        circles.compare(tmp_path / "nowhere", tmp_path)
    with pytest.raises(InputError, match=r"results.json and manifest.json and results.gpkg"):
        circles.compare(tmp_path, tmp_path)


# ---- batches -------------------------------------------------------------------------------------


def batch(folder: Path, districts: dict[str, Path | None]) -> Path:
    """Make a batch's folder of results; a district without any has failed."""
    folder.mkdir()
    entries = []
    for name, results in districts.items():
        if results is not None:
            shutil.copytree(results, folder / name)
        status = "failed" if results is None else "done"
        entries.append({"name": name, "folder": name, "status": status, "error": None})
    record = {"schema": "circles.batch/1", "name": "City", "districts": entries}
    (folder / "batch.json").write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    return folder


def test_batches_are_compared_district_by_district(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """Districts of one name are compared, sums are over all of them, the others are named."""
    old, new = runs
    before = batch(tmp_path / "a", {"East": old, "West": old, "Gone": old, "Bad": None})
    after = batch(tmp_path / "b", {"East": new, "West": old, "New": new, "Bad": None})
    found = circles.compare(before, after)
    assert (found.districts, found.only_old, found.only_new, found.without) == (
        *(("East", "West"), ("Gone",), ("New",), ("Bad",)),
    )
    assert found.compared == 12
    assert set(found.verdicts["district"]) == {"East"}
    meal = found.services[found.services["rule_id"] == "meal"].to_dict("records")[0]
    assert meal["total_old"] == pytest.approx(2 * 1400)
    assert meal["total_new"] == pytest.approx(1400 + 1460)
    targets = found.targets.set_index("district")
    assert targets.loc["", ["met_old", "met_new", "denominator_new"]].tolist() == [2, 3, 4]
    assert targets.loc["East", ["met_old", "met_new", "denominator_new"]].tolist() == [1, 2, 2]
    for lang in LANGS:
        lines = "\n".join(comparison_lines(found, load_texts(lang)))
        assert all(name in lines for name in ("Gone", "New", "Bad"))
        assert "East · East" in render_comparison(found, lang=lang)
    assert circles.compare(before, before).is_empty


@pytest.mark.parametrize(
    "districts",
    [
        [],
        [{"name": "East", "folder": "../old", "status": "done"}],
        [{"name": "East", "folder": "East", "status": "done"}] * 2,
        [{"name": "East"}],
        {"name": "East"},
    ],
)
def test_a_batch_that_is_none_is_refused(
    runs: tuple[Path, Path], tmp_path: Path, districts: object
) -> None:
    """No district in common, one outside the folder, or one twice: one message each."""
    before = batch(tmp_path / "a", {"East": runs[0]})
    edited(before, "batch.json", lambda record: record.update(districts=districts))
    with pytest.raises(InputError):
        circles.compare(before, before)


def test_a_batch_and_a_run_are_not_compared(runs: tuple[Path, Path], tmp_path: Path) -> None:
    """The message says what to compare instead."""
    folder = batch(tmp_path / "a", {"East": runs[0]})
    with pytest.raises(InputError, match="one of the batch's districts"):
        circles.compare(folder, runs[0])
