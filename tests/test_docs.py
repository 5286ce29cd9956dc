"""The documentation says what is so: its keys, commands, code and links are held to the program."""

import json
import re
import shutil
import subprocess
import tomllib
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from circles import outputs, project
from circles.cli import app
from circles.facilities import load_catalogue
from circles.inputs import read_district
from circles.profiles import ProfileTable, bundled_profiles
from circles.project import load_project
from circles.project.columns import CommunityColumnKeys
from circles.reports import layers
from circles.reports.handouts import handout_names
from circles.texts import load_texts

ROOT = Path(__file__).parent.parent
README, README_ZH = ROOT / "README.md", ROOT / "README.zh-CN.md"
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")]
)
TABLES: dict[str, type[BaseModel]] = {
    "Top level": project.ProjectFile,
    "Reading a table": project.SourceKeys,
    "`[network]`": project.NetworkTable,
    "`[communities]`": project.CommunitiesTable,
    "`[[communities.tables]]`": project.CommunityTable,
    "street and district": project.UnitLayer,
    "setting": project.SettingRule,
    "`[demand]`": project.DemandTable,
    "`[[facilities]]`": project.FacilityTable,
    "`[profiles.NAME]`": ProfileTable,
    "`[check]`": project.CheckTable,
    "`[map]`": project.MapTable,
    "`[output]`": project.OutputTable,
}


def own_fields(heading: str) -> dict[str, Any]:
    """Return a table's keys without those that are documented once for several tables."""
    table = TABLES[heading]
    shared = set(project.SourceKeys.model_fields) if table is not project.SourceKeys else set()
    if table is project.CommunityTable:
        shared |= set(CommunityColumnKeys.model_fields)
    return {key: field for key, field in table.model_fields.items() if key not in shared}


def text_of(path: Path) -> str:
    """Return a page's text."""
    return path.read_text("utf-8")


def section(path: Path, heading: str) -> str:
    """Return what stands under a heading, down to the next one."""
    parts = re.split(r"^#+ +(.*)$", text_of(path), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def rows(text: str) -> dict[str, list[str]]:
    """Return a page's table rows by the first code word in them."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    return {row[0].strip("`"): row for row in cells if row and row[0].startswith("`")}


def code(path: Path, language: str) -> list[str]:
    """Return the code blocks of a language, without the indentation of a list around them."""
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^ *```$", text_of(path), flags=re.MULTILINE | re.DOTALL
    )
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def commands() -> dict[str, Any]:
    """Return the commands of the command line by name, those of a group with its name before."""
    named = {}
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        parts = getattr(command, "commands", None)
        named |= {f"{name} {part}": parts[part] for part in parts} if parts else {name: command}
    return named


def options(command: Any) -> set[str]:
    """Return the options of a command; every command has --help."""
    return {name for option in command.params for name in option.opts if name.startswith("--")} - {
        "--help"
    }


def typed() -> list[tuple[str, list[str]]]:
    """Return each line of the pages that calls this program: the page, and what follows the name.

    The name stands last where a folder is meant, as in ``cd circles``.
    """
    lines = [
        (page.name, line.split())
        for page in PAGES
        for block in code(page, "sh")
        for line in block.splitlines()
    ]
    return [
        (page, words[place + 1 :])
        for page, words in lines
        for place, word in enumerate(words[:-1])
        if word in {"circles", ".venv/bin/circles"}
    ]


def tracked_files() -> list[Path]:
    """Return what git tracks, or in a source distribution everything."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True
        )
        names = listed.stdout.decode("utf-8").split("\0")
        return [path for path in (ROOT / name for name in names if name) if path.is_file()]
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


# ---- the project file ----------------------------------------------------------------------------


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_of_a_project_file_is_documented_and_no_other(heading: str) -> None:
    """Each table of the page lists exactly the keys that the program knows."""
    documented = rows(section(ROOT / "docs" / "project-file.md", heading))
    assert documented.keys() == own_fields(heading).keys()


@pytest.mark.parametrize("heading", TABLES)
def test_a_keys_default_is_documented(heading: str) -> None:
    """The second column says which keys are required, and what the others are without a word."""
    documented = rows(section(ROOT / "docs" / "project-file.md", heading))
    for key, field in own_fields(heading).items():
        said = documented[key][1].strip("`")
        if field.is_required():
            assert said == "required", key
        elif isinstance(field.default, bool | str | float):
            assert tomllib.loads(f"value = {said}")["value"] == field.default, key
        else:
            assert said == "", key


def test_every_service_is_listed() -> None:
    """The table of services is that of the catalogue."""
    listed = rows(section(ROOT / "docs" / "project-file.md", "Services"))
    assert [row[1:] for row in listed.values()] == [
        [service.name.zh, service.name.en, service.group] for service in load_catalogue().values()
    ]
    assert list(listed) == list(load_catalogue())


@pytest.mark.parametrize(
    "page", [README, README_ZH, ROOT / "docs" / "project-file.md"], ids=lambda page: page.name
)
def test_an_example_of_a_project_file_reads_the_sample(page: Path, tmp_path: Path) -> None:
    """The example is a whole project file, and its column names are those of the sample."""
    shutil.copytree(ROOT / "data" / "sample", tmp_path, dirs_exist_ok=True)
    (example,) = (block for block in code(page, "toml") if "standard =" in block)
    path = tmp_path / "example.toml"
    path.write_text(example, "utf-8")
    district = read_district(load_project(path))
    assert set(district.communities.table["setting"]) == {"urban", "rural"}
    assert {"all", "60+"} <= set(district.communities.population)
    assert "elder_meal" in district.given


# ---- the command line ----------------------------------------------------------------------------


def test_every_command_is_documented_and_no_other() -> None:
    """The page has a section for each command."""
    headings = re.findall(
        r"^## circles ([\w ]+)$", text_of(ROOT / "docs" / "command-line.md"), re.MULTILINE
    )
    assert sorted(headings) == sorted(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_is_documented_and_no_other(name: str) -> None:
    """A command's section lists exactly its options."""
    listed = rows(section(ROOT / "docs" / "command-line.md", f"circles {name}"))
    assert listed.keys() == options(commands()[name])


@pytest.mark.parametrize("name", sorted(commands()))
def test_an_options_default_is_documented(name: str) -> None:
    """What an option is without a word stands in its row."""
    listed = rows(section(ROOT / "docs" / "command-line.md", f"circles {name}"))
    for option in commands()[name].params:
        for flag in set(option.opts) & listed.keys():
            if option.default in (None, False) or option.required or flag in QUIET:
                continue
            assert re.search(rf"{float_text(option.default)}`? without it", listed[flag][1])


#: Options whose row says in other words what they are by default.
QUIET = {"--all", "--profile", "--direction", "--services"}


def float_text(default: object) -> str:
    """Return a default as the page writes it."""
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_profile_is_documented_with_its_speed() -> None:
    """The page names the walking profiles and how fast they are."""
    row = rows(section(ROOT / "docs" / "command-line.md", "circles isochrone"))["--profile"][1]
    for profile in bundled_profiles().values():
        assert re.search(rf"`{profile.id}` \({profile.speed_m_s}\b", row), profile.id


def test_what_people_are_told_to_type_exists() -> None:
    """Each line of shell in the pages names a command, and options that it has."""
    assert len(typed()) > 10
    for page, words in typed():
        name = words[0] if words[0] in commands() else " ".join(words[:2])
        assert name in commands(), page
        assert {word for word in words if word.startswith("--")} <= options(commands()[name]), page


# ---- results -------------------------------------------------------------------------------------


def test_every_file_of_a_results_folder_is_documented() -> None:
    """The table of files is that of the program, in the same order."""
    listed = rows(section(ROOT / "docs" / "results.md", "The files"))
    documents = [name.rstrip("/") for name in list(listed)[len(outputs.FILES) :]]
    assert list(listed)[: len(outputs.FILES)] == list(outputs.FILES)
    assert documents == list(handout_names())


def test_every_reason_is_documented_and_no_other() -> None:
    """The table of reasons is that of the texts."""
    listed = rows(section(ROOT / "docs" / "results.md", "Why a verdict is what it is"))
    known = {key.split(".")[1] for key in load_texts("en").words if key.startswith("reasons.")}
    assert listed.keys() == known


def test_every_column_of_the_layers_is_documented() -> None:
    """The page names the columns that each rule has, and those of the communities."""
    text = section(ROOT / "docs" / "results.md", "results.gpkg")
    costs = [name.removesuffix("_cost") for name in layers._COSTS]
    figures = {*layers._FIGURES, *(f"{name}_{unit}" for name in costs for unit in ("min", "m"))}
    assert {f"<rule>_{figure}" for figure in figures} == set(re.findall(r"`(<rule>_\w+)`", text))
    fields = {key.split(".")[1] for key in load_texts("en").words if ".field_" in key}
    assert {field.removeprefix("field_") for field in fields} <= set(re.findall(r"`(\w+)`", text))


# ---- the READMEs ---------------------------------------------------------------------------------


def test_the_code_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each block of Python runs from the repository's root and leaves what it promises."""
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    library, district = code(README, "python")
    names: dict[str, Any] = {}
    exec(compile(library, "README.md", "exec"), names)  # noqa: S102 - it is our own page
    assert {"travel_time_s", "facility", "off_network"} <= set(names["times"].columns)
    assert list(names["areas"]["minutes"]) == [5, 10, 15]
    exec(compile(district, "README.md", "exec"), {})  # noqa: S102 - it is our own page
    assert "shortfall" in capsys.readouterr().out
    assert "<html" in text_of(tmp_path / "map.html")


def test_both_readmes_have_the_same_commands_and_code() -> None:
    """A reader of either language is told to type the same, in the language of the page."""

    def blocks(page: Path, language: str) -> Counter[str]:
        plain = (re.sub(r" +#.*", "", block) for block in code(page, language))
        same = (re.sub(r"(lang[ =]\"?)(zh|en)\b", r"\1", block) for block in plain)
        return Counter(re.sub(r'^name = "(My district|我的区)"', "name", block) for block in same)

    for language in ("sh", "python", "toml"):
        assert blocks(README, language) == blocks(README_ZH, language)
        assert blocks(README, language).total() > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files that a page links to or shows are there, and so are the headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if re.match(r"https?://", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name) if name else page
        assert linked.exists(), target
        headings = re.findall(r"^#+ +(.*)$", text_of(linked), re.MULTILINE) if anchor else []
        anchors = [re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings]
        assert not anchor or anchor in anchors, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_blocks_are_closed_and_have_a_language(page: Path) -> None:
    """Fences come in pairs, and the opening one names what is in it."""
    fences = re.findall(r"^ *```(\w*)$", text_of(page), re.MULTILINE)
    assert all(fences[0::2])
    assert not any(fences[1::2])
    assert len(fences) % 2 == 0


def test_pictures_are_small() -> None:
    """A picture weighs less than 300 kB."""
    pictures = list((ROOT / "docs" / "images").glob("*.png"))
    assert pictures
    assert {p.name: p.stat().st_size for p in pictures if p.stat().st_size >= 300_000} == {}


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    """The changes of this version are told."""
    newest = re.findall(r"^## (\S+)", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)[0]
    assert newest == version("circles")


def test_every_example_is_described() -> None:
    """The page on the examples names each, and the files it reads."""
    page = text_of(ROOT / "examples" / "README.md")
    for path in (ROOT / "examples").glob("*.toml"):
        assert f"({path.name})" in page
        for name in re.findall(r"\$\{CIRCLES_REAL_DATA\}/([^\"]+)", text_of(path)):
            assert f"`{name}`" in page


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name
)
def test_a_notebook_holds_no_outputs(path: Path) -> None:
    """Notebooks are kept without what they print when they run."""
    cells = [cell for cell in json.loads(text_of(path))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)


# ---- the whole repository ------------------------------------------------------------------------

# Written so that this file does not name them itself.
FOLDERS = ("home", "Users", "root", "work", "tmp", "mnt", "private", "var/folders")
HOSTS = (r"pypi\.", r"pythonhosted\.", r"npmjs\.", r"registry\.", r"conda\.", r"tuna\.tsinghua")
NOT_HERE = re.compile(rf"(?<![\w.}}])/(?:{'|'.join(FOLDERS)})/\w|[A-Z]:\\Users|{'|'.join(HOSTS)}")


def test_no_file_names_a_developers_machine_or_a_package_registry() -> None:
    """What is published works anywhere and tells nothing of where it was made."""
    found = []
    assert README in tracked_files()
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" in data[:8000] or path == Path(__file__):
            continue
        for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
            if NOT_HERE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []
