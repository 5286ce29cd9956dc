"""The project file: every key, every fault of a file at once, and paths as people write them."""

from datetime import date
from pathlib import Path

import pytest

from circles.errors import FaultsError, InputError
from circles.network import MIN_PIECE_M
from circles.profiles import bundled_profiles
from circles.project import Project, load_project
from circles.travel.joining import MAX_ACCESS_M
from circles.walking import Profile

HEAD = 'name = "Town"\nstandard = "guangzhou-1530"\n'
NETWORK = '[network]\nosm = "town.osm"\n'
COMMUNITIES = '[communities]\npath = "towns.geojson"\nid = "code"\n'
WHOLE = HEAD + NETWORK + COMMUNITIES + 'setting = "urban"\n'


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Make a folder with an extract, communities, a list of facilities and a standard."""
    for name in ("town.osm", "towns.geojson", "canteens.csv", "promises.toml", "hills.tif"):
        (tmp_path / name).write_text("…", "utf-8")
    (tmp_path / "town.circles").mkdir()
    return tmp_path


def load(folder: Path, text: str) -> Project:
    """Write a project file and load it."""
    path = folder / "circles.toml"
    path.write_text(text, "utf-8")
    return load_project(path)


def faults(folder: Path, text: str) -> tuple[str, ...]:
    """Return what is wrong with a project file."""
    with pytest.raises(FaultsError) as caught:
        load(folder, text)
    assert caught.value.where == str(folder / "circles.toml")
    return caught.value.faults


def test_a_short_file_is_enough(folder: Path) -> None:
    """Everything else has a value of its own."""
    file = load(folder, WHOLE).file
    assert (file.name, file.standard, file.as_of, file.fictional) == (
        "Town", "guangzhou-1530", None, False,
    )  # fmt: skip
    assert (file.network.max_access_m, file.network.min_piece_m) == (MAX_ACCESS_M, MIN_PIECE_M)
    assert (file.demand, file.facilities) == (None, ())
    assert (file.output.dir, file.output.lang) == ("out", "zh")


def test_every_key_is_taken_over(folder: Path) -> None:
    """A file that uses them all."""
    text = """
name = "Town"
standard = "promises.toml"
as_of = 2026-06-30
fictional = true
profile = "slow"
[network]
osm = "town.osm"
elevation = "hills.tif"
max_access_m = 200
min_piece_m = 0
[communities]
path = "towns.geojson"
layer = "towns"
crs = "EPSG:4547"
id = "code"
name = "title"
setting = { column = "kind", urban = ["社区", "居委会"], rural = ["村"] }
street = "town"
district = "county"
households = "homes"
population = { all = "people", "60+" = "old", "0-3" = "babies" }
population_urban = "in_town"
population_rural = "in_villages"
service_area_m2 = "rooms"
community_workers = "workers"
staff = "staff"
occupancy = "lived_in"
columns = { new_estate = "new" }
[demand]
source = "canteens.csv"
layer = "cells"
crs = "wgs84"
population = { all = "n" }
[[facilities]]
path = "canteens.csv"
service = "elder_meal"
name = "title"
places = "cots"
seats = "chairs"
beds = "beds"
area_m2 = "floor"
serves = "whom"
layer = "a"
sheet = "b"
lon = "x"
lat = "y"
crs = "wgs84"
[[facilities]]
path = "canteens.csv"
service_column = "kind"
[[facilities]]
osm = ["childcare", "culture"]
[profiles.slow]
based_on = "senior"
speed_m_s = 0.6
signals_s = 20
slope = [[0, 1], [0.1, 1.6]]
[profiles.senior]
speed_m_s = 0.7
steps = "avoid"
[output]
dir = "results"
lang = "en"
formats = ["geojson", "flatgeobuf"]
"""
    file = load(folder, text).file
    assert file.as_of == date(2026, 6, 30)
    assert file.fictional
    assert (file.network.max_access_m, file.network.min_piece_m) == (200, 0)
    assert (file.profile, file.network.elevation) == ("slow", "hills.tif")
    slopes = ((0.0, 1.0), (0.1, 1.6))
    assert file.walkers() == {
        **bundled_profiles(),
        "slow": Profile("slow", 0.6, 0.4, signals_s=20.0, slope=slopes),
        "senior": Profile("senior", 0.7, 0.0),
    }
    rule = file.communities.setting
    assert not isinstance(rule, str)
    assert (rule.column, rule.urban, rule.rural) == ("kind", ("社区", "居委会"), ("村",))
    assert file.communities.population == {
        "all": ("people",),
        "60+": ("old",),
        "0-3": ("babies",),
    }
    assert file.communities.number_columns() == {
        "population_urban": "in_town",
        "population_rural": "in_villages",
        "service_area_m2": "rooms",
        "community_workers": "workers",
        "staff": "staff",
        "occupancy": "lived_in",
    }
    assert file.communities.columns == {"new_estate": "new"}
    assert file.facilities[0].amount_columns() == {
        "places": "cots",
        "seats": "chairs",
        "beds": "beds",
        "area_m2": "floor",
        "serves": "whom",
    }
    assert file.facilities[1].amount_columns() == {}
    assert file.demand is not None
    assert file.demand.population == {"all": ("n",)}
    assert [table.service for table in file.facilities] == ["elder_meal", None, None]
    assert file.facilities[1].service_column == "kind"
    assert file.facilities[2].osm == ("childcare", "culture")
    assert (file.output.dir, file.output.lang) == ("results", "en")
    assert file.output.formats == ("geojson", "flatgeobuf")


def test_streets_may_come_from_a_saved_network(folder: Path) -> None:
    """Beside an extract for all the rest, or alone; pieces were chosen when it was saved."""
    beside = load(folder, WHOLE.replace(NETWORK, NETWORK + "streets = 'town.circles'\n"))
    assert ("network.streets", "town.circles", folder / "town.circles") in beside.inputs()
    alone = load(folder, WHOLE.replace("town.osm", "town.circles"))
    assert ("network.osm", "town.circles", folder / "town.circles") in alone.inputs()
    for name in ("town.network", "town"):  # the name of the folder is a custom, no more
        (folder / name).mkdir()
        (folder / name / "network.json").write_text("{}")
        named = load(folder, WHOLE.replace(NETWORK, NETWORK + f"streets = '{name}'\n"))
        assert ("network.streets", name, folder / name) in named.inputs()


def test_communities_may_come_from_the_extract(folder: Path) -> None:
    """With a level, whether cut ones count, and a rule for their setting."""
    text = HEAD + NETWORK + (
        "[communities]\nosm_admin_level = 8\ninclude_cut = true\n"
        "setting = { urban_from_homes_per_km2 = 100 }\n"
    )  # fmt: skip
    table = load(folder, text).file.communities
    assert (table.osm_admin_level, table.include_cut, table.path) == (8, True, None)
    assert not isinstance(table.setting, str)
    assert table.setting.urban_from_homes_per_km2 == 100


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE.replace("osm =", "oms ="), "unknown key 'network.oms'; did you mean 'osm'?"),
        (WHOLE.replace("name", "nmae", 1), "unknown key 'nmae'; did you mean 'name'?"),
        (WHOLE + "[otuput]\n", "unknown key 'otuput'; did you mean 'output'?"),
        (WHOLE + '[output]\nfolder = "x"\n', "'output.folder'; known keys here: dir, lang"),
        (WHOLE + '[[facilities]]\nsevice = "x"\n', "'facilities 1.sevice'; did you mean 'service'"),
        (WHOLE + "hoseholds = 1\n", "'communities.hoseholds'; did you mean 'households'?"),
        (WHOLE + "[demand]\nsuorce = 1\n", "'demand.suorce'; did you mean 'source'?"),
        (
            WHOLE.replace('"urban"', '{ colum = "kind" }'),
            "'communities.setting.colum'; did you mean 'column'?",
        ),
    ],
)
def test_a_key_nobody_knows_is_named_with_the_nearest(folder: Path, text: str, fault: str) -> None:
    """In every table of the file."""
    assert any(fault in found for found in faults(folder, text)), faults(folder, text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (WHOLE.replace('name = "Town"\n', ""), "'name' is missing"),
        (WHOLE.replace('"Town"', '""'), "name: "),
        (WHOLE.replace('standard = "guangzhou-1530"\n', ""), "'standard' is missing"),
        (HEAD + NETWORK, "'communities' is missing"),
        (HEAD + NETWORK + COMMUNITIES, "'communities.setting' is missing"),
        (WHOLE.replace('osm = "town.osm"', ""), "'network.osm' is missing"),
        (WHOLE.replace('"town.osm"', "3"), "network.osm: "),
        (WHOLE.replace(NETWORK, 'network = "town.osm"\n'), "network: a table was expected"),
        (HEAD + "as_of = 'soon'\n" + WHOLE.removeprefix(HEAD), "as_of: "),
        (HEAD + "fictional = 'perhaps'\n" + WHOLE.removeprefix(HEAD), "fictional: "),
        (WHOLE.replace(NETWORK, NETWORK + "max_access_m = 0\n"), "network.max_access_m: "),
        (WHOLE.replace(NETWORK, NETWORK + "max_access_m = inf\n"), "network.max_access_m: "),
        (WHOLE.replace(NETWORK, NETWORK + "min_piece_m = -1\n"), "network.min_piece_m: "),
        (
            WHOLE.replace(NETWORK, NETWORK + "streets = 'town.circles'\nmin_piece_m = 9\n"),
            "network: with a saved network, min_piece_m has no meaning",
        ),
        (
            WHOLE.replace('"town.osm"', '"town.circles"\nmin_piece_m = 9'),
            "network: with a saved network, min_piece_m has no meaning",
        ),
        (
            WHOLE.replace('"town.osm"', '"town.circles"\nstreets = "town.circles"'),
            "network: 'town.circles' holds streets only",
        ),
        (
            WHOLE.replace(NETWORK, NETWORK + "streets = 'hills.tif'\n"),
            "network.streets: 'hills.tif' is no saved network; that is a folder, by custom with",
        ),
        (
            WHOLE.replace(NETWORK, NETWORK + "elevation = 'hils.tif'\n"),
            "network.elevation: there is no file 'hils.tif' beside the project file; did you mean",
        ),
        (HEAD + 'profile = "sneior"\n' + WHOLE.removeprefix(HEAD), "profile: there is no 'sneior'"),
        (HEAD + "profile = 3\n" + WHOLE.removeprefix(HEAD), "profile: text in quotes"),
        (WHOLE + "[profiles.slow]\n", "profiles.slow: give speed_m_s, or based_on"),
        (WHOLE + "[profiles.slow]\nspeed_m_s = 9\n", "profiles.slow.speed_m_s: "),
        (
            WHOLE + "[profiles.slow]\nspeed_m_s = 1\nlift = 30\n",
            "unknown key 'profiles.slow.lift'; did you mean 'lift_s'?",
        ),
        (
            WHOLE + "[profiles.slow]\nspeed_m_s = 1\nslope = [[1, 1], [0, 1]]\n",
            "profiles.slow.slope: the slopes must rise",
        ),
        (WHOLE + "[profiles.'a b']\nspeed_m_s = 1\n", "profiles.a b: a profile's name has up to"),
        (WHOLE + "[profiles.'']\nspeed_m_s = 1\n", "profiles.: a profile's name has up to"),
        (WHOLE + "[profiles]\nslow = 0.6\n", "profiles.slow: a table was expected; it is 0.6"),
        (WHOLE + "[[profiles]]\nspeed_m_s = 1\n", "profiles: a table was expected"),
        (WHOLE.replace('id = "code"\n', ""), "communities: path needs id"),
        (WHOLE.replace('path = "towns.geojson"\n', ""), "give either path or osm_admin_level"),
        (WHOLE + "osm_admin_level = 8\n", "communities: give either path or osm_admin_level"),
        (WHOLE + "include_cut = true\n", "communities: with path, include_cut has no meaning"),
        (
            WHOLE.replace('path = "towns.geojson"', "osm_admin_level = 8"),
            "communities: with osm_admin_level, id has no meaning",
        ),
        (
            WHOLE.replace('path = "towns.geojson"\nid = "code"', "osm_admin_level = 13"),
            "communities.osm_admin_level: ",
        ),
        (WHOLE.replace('"urban"', '"suburban"'), "'suburban' is no setting"),
        (WHOLE.replace('"urban"', "3"), "communities.setting: 3 is no setting"),
        (WHOLE.replace('"urban"', "{}"), "either column (with urban and rural) or urban_from"),
        (
            WHOLE.replace('"urban"', '{ column = "k", urban_from_homes_per_km2 = 5 }'),
            "communities.setting: give either column",
        ),
        (
            WHOLE.replace('"urban"', '{ urban = ["a"], urban_from_homes_per_km2 = 5 }'),
            "communities.setting: with urban_from_homes_per_km2, urban has no meaning",
        ),
        (
            WHOLE.replace('"urban"', "{ urban_from_homes_per_km2 = 0 }"),
            "communities.setting.urban_from_homes_per_km2: ",
        ),
        (
            WHOLE.replace('"urban"', '{ column = "k", urban = ["a", "b"], rural = ["b"] }'),
            "communities.setting: 'b' cannot be both urban and rural",
        ),
        (
            WHOLE.replace('"urban"', '{ column = "k", urban = "a" }'),
            "communities.setting.urban: a list was expected; it is 'a'",
        ),
        (WHOLE + "population = { old = 'x' }\n", "communities.population.old: this is no popul"),
        (WHOLE + "population = { '60+' = 3 }\n", "communities.population.60+: "),
        (WHOLE + "[demand]\nsource = 3\n", "demand.source: "),
        (
            WHOLE + "[demand]\npopulation = { all = 'n' }\n",
            'demand: with source = "buildings", population has no meaning',
        ),
        (
            WHOLE + "[demand]\nsource = 'canteens.csv'\npopulation = { kids = 'n' }\n",
            "demand.population.kids: this is no population group",
        ),
        (WHOLE + "[[facilities]]\n", "facilities 1: give either path or osm"),
        (
            WHOLE + "[[facilities]]\npath = 'canteens.csv'\nosm = ['culture']\n",
            "facilities 1: give either path or osm",
        ),
        (
            WHOLE + "[[facilities]]\nosm = ['culture']\nservice = 'culture'\nsheet = 'x'\n",
            "facilities 1: with osm, service, sheet have no meaning",
        ),
        (WHOLE + "[[facilities]]\nosm = ['cultur']\n", "facilities 1.osm: there is no service 'cu"),
        (WHOLE + "[[facilities]]\nosm = 'culture'\n", "facilities 1.osm: a list was expected"),
        (
            WHOLE + "[[facilities]]\npath = 'canteens.csv'\nservice = 'elder_meals'\n",
            "facilities 1.service: there is no service 'elder_meals'",
        ),
        (
            WHOLE + "[[facilities]]\npath = 'canteens.csv'\nservice = 'culture'\n"
            "service_column = 'kind'\n",
            "facilities 1: give service or service_column, not both",
        ),
        (WHOLE + "[output]\nlang = 'fr'\n", "output.lang: "),
        (WHOLE + "[output]\ndir = 3\n", "output.dir: "),
        (WHOLE + "[output]\nformats = ['shapefile']\n", "'geojson', 'geoparquet' or 'flatgeobuf'"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_key(folder: Path, text: str, fault: str) -> None:
    """One fault, one line, and no other fault along with it."""
    (found,) = faults(folder, text)
    assert fault in found


def test_the_faults_of_all_tables_are_named_at_once(folder: Path) -> None:
    """Unknown keys, wrong values, contradictions, missing files and variables in one message."""
    text = """
nmae = "Town"
standard = "none.toml"
profile = "nobody"
[network]
osm = "tonw.osm"
max_access_m = -1
[communities]
path = "towns.geojson"
osm_admin_level = 99
setting = { columm = "kind", urban = ["a"], rural = ["a"] }
population = { old = "x", young = 3 }
[demand]
source = "${CIRCLES_TEST_NOWHERE}/cells.gpkg"
[[facilities]]
sevice = "elder_meal"
[[facilities]]
path = "canteen.csv"
service = "elder_meals"
[profiles.slow]
speed_m_s = -1
based_on = "nobody"
[output]
lang = "fr"
dir = "${CIRCLES_TEST_NOWHERE}/out"
"""
    found = faults(folder, text)
    expected = [
        "unknown key 'nmae'",
        "'name' is missing",
        "network.max_access_m: ",
        "communities.osm_admin_level: ",
        "communities: give either path or osm_admin_level",
        "unknown key 'communities.setting.columm'",
        "communities.setting: give either column",
        "communities.setting: 'a' cannot be both",
        "communities.population.old: ",
        "communities.population.young: this is no population group",
        "unknown key 'facilities 1.sevice'",
        "facilities 1: give either path or osm",
        "facilities 2.service: ",
        "profile: there is no 'nobody'; profiles: ",
        "profiles.slow.speed_m_s: ",
        "profiles.slow: based_on: there is no bundled profile 'nobody'",
        "output.lang: ",
        "standard: there is no file 'none.toml'",
        "network.osm: there is no file 'tonw.osm' beside the project file; did you mean 'town.osm'",
        "facilities 2, path: there is no file 'canteen.csv'",
        "demand.source: '${CIRCLES_TEST_NOWHERE}/cells.gpkg' names the environment variable",
        "output.dir: '${CIRCLES_TEST_NOWHERE}/out' names the environment variable",
    ]
    missed = [fault for fault in expected if not any(fault in one for one in found)]
    assert missed == [], found
    assert len(found) == len(set(found))


def test_a_message_counts_its_faults(folder: Path) -> None:
    """One line for each, under the name of the file."""
    with pytest.raises(FaultsError) as caught:
        load(folder, WHOLE + "[output]\nlang = 'fr'\nfolder = 'x'\n")
    head, *lines = str(caught.value).splitlines()
    assert head == f"{folder / 'circles.toml'}: 2 faults"
    assert len(lines) == 2


# Paths.


def test_paths_are_relative_to_the_project_file(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the command is given from."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    project = load(folder, WHOLE)
    assert project.resolve("town.osm") == folder / "town.osm"
    assert project.out_dir == folder / "out"
    above = load_project(folder.parent / folder.name / "circles.toml")
    assert above.resolve("../x") == folder / ".." / "x"


def test_absolute_paths_stay_what_they_are(folder: Path, tmp_path: Path) -> None:
    """They are not looked for beside the project file."""
    project = load(folder, WHOLE)
    assert project.resolve(str(tmp_path / "x.osm")) == tmp_path / "x.osm"


def test_environment_variables_are_filled_in(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data may lie outside the folder; the file keeps the variable, and the run the path."""
    data = tmp_path_factory.mktemp("data")
    (data / "town.osm").write_text("…", "utf-8")
    monkeypatch.setenv("CIRCLES_TEST_DATA", str(data))
    project = load(folder, WHOLE.replace('"town.osm"', '"${CIRCLES_TEST_DATA}/town.osm"'))
    assert project.resolve(project.file.network.osm) == data / "town.osm"
    assert ("network.osm", "${CIRCLES_TEST_DATA}/town.osm", data / "town.osm") in project.inputs()


def test_a_dollar_without_braces_is_a_letter_like_any_other(folder: Path) -> None:
    """Only ``${NAME}`` is a variable."""
    (folder / "$HOME.osm").write_text("…", "utf-8")
    project = load(folder, WHOLE.replace("town.osm", "$HOME.osm"))
    assert project.resolve(project.file.network.osm) == folder / "$HOME.osm"


def test_a_variable_that_is_not_set_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolving says the same as loading."""
    monkeypatch.delenv("CIRCLES_TEST_DATA", raising=False)
    with pytest.raises(InputError, match="environment variable CIRCLES_TEST_DATA"):
        load(folder, WHOLE).resolve("${CIRCLES_TEST_DATA}/x")


def test_the_inputs_are_listed_with_their_keys(folder: Path) -> None:
    """The project file first, then every file it names; the extract's buildings are no file."""
    text = WHOLE.replace("guangzhou-1530", "promises.toml") + (
        "[demand]\nsource = 'buildings'\n"
        "[[facilities]]\nosm = ['culture']\n[[facilities]]\npath = 'canteens.csv'\n"
    )  # fmt: skip
    project = load(folder, text)
    assert project.inputs() == [
        ("project", "circles.toml", folder / "circles.toml"),
        ("network.osm", "town.osm", folder / "town.osm"),
        ("communities.path", "towns.geojson", folder / "towns.geojson"),
        ("facilities 2, path", "canteens.csv", folder / "canteens.csv"),
        ("standard", "promises.toml", folder / "promises.toml"),
    ]
    assert load(folder, WHOLE).inputs()[-1][0] == "communities.path"


# The file itself.


def test_a_mark_that_editors_leave_at_the_start_is_no_fault(folder: Path) -> None:
    """Notepad writes one before the first letter."""
    path = folder / "circles.toml"
    path.write_text(WHOLE, "utf-8-sig")
    assert load_project(path).file.name == "Town"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """So is a folder of that name."""
    with pytest.raises(InputError, match="no such"):
        load_project(tmp_path / "circles.toml")
    with pytest.raises(InputError, match="folder"):
        load_project(tmp_path)


def test_a_file_that_is_no_toml_is_refused_with_the_line(folder: Path) -> None:
    """The line and column are those of the mistake."""
    with pytest.raises(InputError, match=r"not valid TOML: .*line 3, column"):
        load(folder, HEAD + "[network\n")


@pytest.mark.parametrize(
    "line", ["population = { 60+ = 'old' }", "population = { all = 'n', 60+= 'old' }"]
)
def test_a_group_without_its_quotes_is_told(folder: Path, line: str) -> None:
    """TOML takes no plus sign in a bare key; the message says what to write."""
    with pytest.raises(InputError, match=r'not valid TOML: .*; write .* quotes: "60\+" ='):
        load(folder, WHOLE + line + "\n")
    with pytest.raises(InputError, match=r"not valid TOML: [^;]*$"):
        load(folder, WHOLE + "population = { '60+' = }\n")


def test_a_service_may_be_named_in_words(folder: Path) -> None:
    """An id, or a name in either language, as in a column of services; what is kept is the id."""
    text = (
        "[[facilities]]\npath = 'canteens.csv'\nservice = '长者饭堂'\n"
        "[[facilities]]\nosm = ['elder canteen', '托育机构', 'culture']\n"
    )
    file = load(folder, WHOLE + text).file
    assert file.facilities[0].service == "elder_meal"
    assert file.facilities[1].osm == ("elder_meal", "childcare", "culture")


def test_a_file_in_another_encoding_is_refused(folder: Path) -> None:
    """GBK is what an old editor writes; the message says what to do."""
    path = folder / "circles.toml"
    path.write_bytes(WHOLE.replace("Town", "越秀区").encode("gbk"))
    with pytest.raises(InputError, match="save it as UTF-8"):
        load_project(path)
