"""The page on standards: keys and defaults are the program's, and no figure is left out."""

import os
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from circles.standards import load_standard, standard_ids
from circles.standards.model import (
    AccessRule,
    Assumption,
    CapacityRule,
    InventoryRule,
    PresenceRule,
    Settings,
    Source,
    Standard,
    Target,
    Tier,
    UnitRule,
)

PAGE = (Path(__file__).parent.parent / "docs" / "standards.md").read_text("utf-8")
TABLES: dict[str, type[BaseModel]] = {
    "Top level": Standard,
    "`[settings]`": Settings,
    "`[[sources]]`": Source,
    "`[[assumptions]]`": Assumption,
    "Time and distance": AccessRule,
    "Presence": PresenceRule,
    "Ratios": CapacityRule,
    "Unit checks": UnitRule,
    "Inventories": InventoryRule,
    "`[[tiers]]`": Tier,
    "`[[targets]]`": Target,
}
#: The documents by the number that the page gives them.
DOCUMENTS = {
    "1": "003_65ad47739bccf312.txt",
    "2": "000_25b180a3d7dcb6b2.txt",
    "3": "002_c8609cada1488018.txt",
    "4": "001_c74bcc5cff09fdcc.txt",
    "5": "004_73a9ccdeb8283676.txt",
}


def section(heading: str) -> str:
    """Return what stands under a heading, down to the next one."""
    parts = re.split(r"^#+ +(.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[heading]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, those of its head left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:]]


def keys(heading: str) -> dict[str, str]:
    """Return the keys that a section documents, each with what its second column says."""
    return {row[0].strip("`"): row[1].strip("`") for row in rows(section(heading))}


COMMON = keys("`[[rules]]`")
FIGURES = rows(section("What became of every figure in the documents"))


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_documented_and_no_other(heading: str) -> None:
    """Each table of the page lists exactly the keys that the program knows."""
    fields = {field.alias or name for name, field in TABLES[heading].model_fields.items()}
    of_a_rule = "kind" in fields
    documented = set(keys(heading)) | (set(COMMON) if of_a_rule else set())
    assert documented == fields


@pytest.mark.parametrize("heading", TABLES)
def test_a_keys_default_is_documented(heading: str) -> None:
    """The second column says which keys are required, and what the others are without a word."""
    documented = COMMON | keys(heading)
    for name, field in TABLES[heading].model_fields.items():
        said = documented[field.alias or name]
        default = field.get_default(call_default_factory=True)
        if field.is_required():
            assert said == "required", name
        elif isinstance(default, dict) or default is None or default in ((), Settings()):
            assert said == "", name
        else:
            shown = list(default) if isinstance(default, tuple) else default
            assert tomllib.loads(f"value = {said}")["value"] == shown, name


def test_the_bundled_standards_are_listed() -> None:
    """The first table names each of them."""
    listed = [row[0].strip("`") for row in rows(section("Standards"))]
    assert sorted(listed) == list(standard_ids())


def test_the_worked_example_is_a_sound_standard(tmp_path: Path) -> None:
    """It loads, takes Guangzhou's rules over, replaces one of them and adds what it says."""
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "own.toml"
    path.write_text(example, "utf-8")
    standard, parent = load_standard(path), load_standard("guangzhou-1530")
    ids = [rule.id for rule in parent.rules]
    assert [rule.id for rule in standard.rules] == [*ids, "police-nearer"]
    assert standard.access_rule("elder_meal").limits["rural"] == (15, 30)
    assert standard.access_rule("elder_meal").min_share == 0.9
    assert [tier.id for tier in standard.tiers] == ["convenience", "quality", "nearer"]
    assert standard.tier_rules("nearer")[-1].id == "police-nearer"
    assert standard.targets[-1].level == "street"


def test_every_figure_of_the_documents_is_named_once() -> None:
    """146 figures, A001 to A146, each in one row."""
    assert [row[0] for row in FIGURES] == [f"A{number:03}" for number in range(1, 147)]


@pytest.mark.parametrize("figure", FIGURES, ids=[row[0] for row in FIGURES])
def test_a_figure_is_in_a_standard_or_there_is_a_reason(figure: list[str]) -> None:
    """The rule, tier or target that is named exists, or a sentence says why there is none."""
    _, document, said, quote, where = figure
    assert document in DOCUMENTS
    assert said
    assert quote
    if where.startswith("not: "):
        assert len(where) > len("not: ")
        return
    standard_id, *names = re.findall(r"`([^`]+)`", where.replace("(`open_until`)", ""))
    standard = load_standard(standard_id)
    known = {part.id for part in (*standard.rules, *standard.tiers, *standard.targets)}
    assert names
    assert set(names) <= known
    files = {source.file for source in standard.sources}
    assert DOCUMENTS[document] in files


@pytest.mark.real
def test_the_figures_are_quoted_exactly() -> None:
    """Each row's words are an exact part of the document it names."""
    folder = Path(os.environ["CIRCLES_POLICY_TEXTS"])
    texts = {number: (folder / name).read_text("utf-8") for number, name in DOCUMENTS.items()}
    assert [row[0] for row in FIGURES if row[3] not in texts[row[1]]] == []
