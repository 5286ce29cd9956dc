"""What the command line prints: about a project before it is run, about a run, about standards."""

import json
import re
from pathlib import Path

import pytest

from circles.facilities import load_catalogue
from circles.outputs import FILES
from circles.standards import load_standard, standard_ids
from circles.standards.schema import json_schema
from circles.texts import LANGS, load_texts
from tests.own_standard import OWN
from tests.small_town import Town, make_town, run_circles

GUANGZHOU = load_standard("guangzhou-1530")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Draw the town into a folder of its own."""
    return make_town(tmp_path / "town")


def health(town: Town) -> None:
    """Let the town's standard ask for health care, which several services offer."""
    rule = (
        '[[rules]]\nid = "health"\nkind = "time_threshold"\nservice = "health"\n'
        'any_of = ["health_centre", "health_station", "village_clinic"]\n'
        'name = { zh = "卫生服务", en = "Health care" }\n'
        'max_minutes = { urban = 15 }\nmin_share = 0.5\nassumptions = ["drawn"]\n\n'
    )
    text = town.standard.read_text("utf-8")
    town.standard.write_text(text.replace("[[tiers]]", rule + "[[tiers]]"), "utf-8")


def lines(*arguments: str | Path) -> list[str]:
    """Run a command that must succeed and return the lines it prints."""
    outcome = run_circles(*arguments)
    assert outcome.code == 0, outcome
    return outcome.out.splitlines()


# ---- check ---------------------------------------------------------------------------------------


def test_check_names_services_in_words_and_those_without_a_layer(town: Town) -> None:
    """Each service stands there with its id; what the standard asks and nobody gave is told."""
    health(town)
    for lang, absent in {
        "en": "Community health centre (health_centre), Community health station (health_station)",
        "zh": "社区卫生服务中心（卫生院）（health_centre）、社区卫生服务站（health_station）",
    }.items():
        told = lines("check", town.project, "--lang", lang)
        name = load_catalogue()["elder_meal"].name[lang]
        assert any(line.startswith(f"  {name} · elder_meal") for line in told)
        (missing,) = (line for line in told if "health_centre" in line)
        assert absent in missing
        assert "elder_meal" not in missing


def test_check_is_silent_about_layers_where_all_are_given(town: Town) -> None:
    """Nothing is said to be missing."""
    assert not any("No layer was given" in line for line in lines("check", town.project))


def test_a_project_without_facilities_is_warned_of(town: Town) -> None:
    """Without any layer every verdict lacks data, and the reader hears why."""
    text = town.project.read_text("utf-8")
    start, end = text.index("[[facilities]]"), text.index("[output]")
    town.project.write_text(text[:start] + text[end:], "utf-8")
    told = lines("check", town.project)
    assert any(line.startswith("! There are no facilities at all") for line in told)
    assert any("elder_meal" in line and "childcare" in line for line in told)


def test_a_need_given_in_part_is_warned_of(town: Town) -> None:
    """Health care judged by health centres alone: which are given is said, and which are not."""
    health(town)
    with town.facilities.open("a", encoding="utf-8") as file:
        columns = town.facilities.read_text("utf-8-sig").splitlines()[0].split(",")
        row = {"name": "Clinic", "service": "health_centre", "lon": "113.304", "lat": "23.104"}
        file.write(",".join(row.get(column, "") for column in columns) + "\n")
    for lang, words in {
        "en": "“Health care”, and only some of them were given (Community health centre), "
        "not Community health station, Village clinic",
        "zh": "“卫生服务”由多类设施中的任何一类满足，"
        "只给出了其中一部分（社区卫生服务中心（卫生院）），未给出社区卫生服务站、村卫生室（站）",
    }.items():
        for command in ("check", "run"):
            (warning,) = (x for x in lines(command, town.project, "--lang", lang) if words in x)
            assert warning.startswith("! ")
        assert words in (town.out / "briefing.html").read_text("utf-8")


# ---- run -----------------------------------------------------------------------------------------


def test_a_run_names_all_its_files(town: Town) -> None:
    """The map comes first, and no file of the folder is left out."""
    *_, first, others = lines("run", town.project)
    assert first.endswith("map.html")
    assert others.endswith(", ".join(FILES[1:]))


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("小镇", "小镇（虚构数据）  "),
        ("小镇（虚构）", "小镇（虚构）  "),
    ],
)
def test_invented_data_are_said_to_be_so_once(town: Town, name: str, head: str) -> None:
    """The label is left out where the name says it already."""
    town.edit(('name = "Small Town"', f'name = "{name}"\nfictional = true'))
    assert lines("run", town.project, "--lang", "zh")[0].startswith(head)


# ---- standards -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_a_standard_is_shown_with_all_it_rests_on(lang: str) -> None:
    """Every rule once, and all targets, sources, assumptions and what is left out."""
    told = "\n".join(lines("standards", "show", GUANGZHOU.id, "--lang", lang))
    for rule in GUANGZHOU.rules:
        assert told.count(f"\n  {rule.name[lang]}{'：' if lang == 'zh' else ': '}") == 1, rule.id
    for text in (*(a.text for a in GUANGZHOU.assumptions), *GUANGZHOU.not_evaluated):
        assert text[lang] in told
    for source in GUANGZHOU.sources:
        assert source.document[lang] in told
        assert (source.quote or "") in told
    assert told.count("2025-12-31") >= len(GUANGZHOU.targets)
    assert f"“{GUANGZHOU.tier('convenience').name[lang]}”" in told


def test_a_standards_units_and_groups_are_in_the_readers_language() -> None:
    """Minutes, metres and groups are words, not ids."""
    told = lines("standards", "show", GUANGZHOU.id, "--lang", "zh")
    (meal,) = (line for line in told if line.startswith("  长者饭堂："))
    assert "城市15分钟、农村30分钟" in meal
    assert "60岁及以上老年人中不少于85%" in meal
    (culture,) = (line for line in told if "10里文化圈）：" in line)
    assert "农村5公里" in culture
    target = load_texts("en")("standards.target", setting="urban communities", needed="90%", by="")
    assert any(target in line for line in lines("standards", "show", GUANGZHOU.id, "--lang", "en"))


def test_numbers_lead_to_the_sources_and_assumptions_meant() -> None:
    """The rule on police posts cites what its file says."""
    told = lines("standards", "show", GUANGZHOU.id, "--lang", "en")
    (police,) = (line for line in told if line.startswith("  Police post: "))
    rule = GUANGZHOU.rule("police")
    for marks, keys, known in (
        ("[]", rule.sources, [source.id for source in GUANGZHOU.sources]),
        ("()", rule.assumptions, [assumption.id for assumption in GUANGZHOU.assumptions]),
    ):
        for key in keys:
            assert f" {marks[0]}{known.index(key) + 1}{marks[1]}" in police


def test_a_standard_without_tiers_shows_its_rules(town: Town) -> None:
    """Rules stand alone where nobody grouped them."""
    text = town.standard.read_text("utf-8")
    town.standard.write_text(text[: text.index("[[tiers]]")], "utf-8")
    told = lines("standards", "show", town.standard, "--lang", "en")
    assert any(line.startswith("  Canteens: urban 10 min, rural 15 min") for line in told)


@pytest.mark.parametrize("lang", LANGS)
def test_all_services_are_listed_with_their_names(lang: str) -> None:
    """One line each, in the order of the catalogue."""
    assert lines("standards", "list", "--services", "--lang", lang) == [
        f"{service.id}  {service.name[lang]}" for service in load_catalogue().values()
    ]


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("standard_id", standard_ids())
def test_every_bundled_standard_is_shown_whole(standard_id: str, lang: str) -> None:
    """Each rule and each sentence of a source stands there, and no gap is left unfilled."""
    told = lines("standards", "show", standard_id, "--lang", lang)
    standard = load_standard(standard_id)
    text = "\n".join(told)
    assert told[0] == f"{standard_id}  {standard.name[lang]}"
    for part in (*standard.rules, *standard.tiers):
        assert f"\n{'  ' if part in standard.rules else ''}{part.name[lang]}" in text, part.id
    for source in standard.sources:
        assert (source.quote or source.document[lang]) in text
    assert not re.search(r"[{}]", text)


def test_a_standard_of_every_kind_is_shown_in_words(tmp_path: Path) -> None:
    """Pairs, zones, presence, ratios, unit checks and inventories read as sentences."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    told = "\n".join(lines("standards", "show", path, "--lang", "en"))
    for words in (
        "period: 2021–2025",
        "urban or rural, by the first of: a column of the community table, the statistics",
        "further words in that column: cungaiju (counted as urban)",
        "urban 15 min; at least 85% of residents, at the pace of: adult; answered by Culture",
        "; found once more with what is still open at 20:30",
        "Elder care: central area 10 min (strict) to 15 min (lenient), outer area 20 min",
        "25 min (lenient); the share of residents is reported and not judged",
        "Stations: at least 1 in each street: Social-work station (social_work) (counted where",
        " (aimed at), due 2024-06-30",
        "Places: at least 5.8 places (Infant and toddler care (childcare)) per 1,000 residents; ",
        "per 1,000 children aged 0 to 3; for each community, city",
        "; and by who can reach them within “Library”",
        "Size: urban communities, cungaiju: households at least 500; area in km² between 0.3",
        "0.5 (only where column “new” says yes)",
        "Canteens: the document counts 1,036 in the whole city (2020-12-31), a warning if",
        "differ by more than 10%; counted are Elder canteen (elder_meal); otherwise counted: 928",
        "Target: 100% of the district’s streets meet “Stations”",
    ):
        assert words in told, words
    chinese = "\n".join(lines("standards", "show", path, "--lang", "zh"))
    for words in (
        "中心城区10分钟（从严）至15分钟（从宽）",
        "每个街道（镇）不少于1处社工站（social_work）（按设在辖区内计）（力争），期限2024-06-30",
        "每1,000名常住居民不少于5.8个托位或名额",
        "户数不少于500；面积（平方公里）在0.3至0.5之间（仅限“new”列为“是”的社区）",
        "总数为1,036处（2020-12-31），数据与之相差超过10%时提示；计入长者饭堂（elder_meal）；另一口径：928",
    ):
        assert words in chinese, words


def test_standards_are_listed_with_issuer_period_and_kinds() -> None:
    """Two lines each: id and name, then who, when, and how many rules of each kind."""
    told = lines("standards", "list", "--lang", "en")
    assert [line.split("  ")[0] for line in told[::2]] == list(standard_ids())
    facts = told[1 + told.index(f"{GUANGZHOU.id}  {GUANGZHOU.name.en}")]
    assert GUANGZHOU.issuer.en in facts
    assert "period: 2021–2025" in facts
    assert "2 walking distance, 8 presence, 4 ratio, 12 inventory, 12 targets" in facts


def test_a_sound_file_is_told_what_is_in_it(tmp_path: Path) -> None:
    """`check` says that there are no faults, and which rules have no document."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    told = lines("standards", "check", path, "--lang", "en")
    assert told[0] == f"{path}: no faults were found."
    assert told[-1] == "without a document, marked as assumed: Health"


def test_a_file_with_faults_is_told_all_of_them(tmp_path: Path) -> None:
    """`check` ends with exit code 2 and every fault."""
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("0.85", "1.2").replace('"frail"', '"fral"'), "utf-8")
    outcome = run_circles("standards", "check", path)
    assert outcome.code == 2
    assert outcome.err.startswith(f"{path}: 2 faults\n")
    assert "(it is 1.2)" in outcome.err
    assert "there is no 'fral'" in outcome.err


def test_the_schema_is_printed() -> None:
    """`circles standards schema` prints what editors read."""
    assert json.loads("\n".join(lines("standards", "schema"))) == json.loads(json_schema())
