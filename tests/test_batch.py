"""Batches: what is described, how a city is cut, what is done again and what is not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circles.assessment import Assessment
from circles.batch import Standing, plan_batch, run_batch
from circles.batch.crew import workers_for
from circles.batch.cutting import City
from circles.batch.description import load_batch
from circles.batch.jobs import folder_names
from circles.batch.store import lay_down, pick_up
from circles.batch.work import Outcome, score
from circles.district import Prepared, assess, prepare
from circles.errors import FaultsError, InputError
from circles.inputs import read_district
from circles.network.saved import load_network, save_network
from circles.project import load_project
from tests.batches import SAMPLE, STREETS, results, split_sample

WALKED = ("share_low", "share_high", "strict_share_low", "total", "out_of_reach", "median_cost",
          "worst_cost", "nearest_cost", "provable_cost")  # fmt: skip


@pytest.fixture(scope="module")
def city() -> Prepared:
    """Return the sample, joined to its streets."""
    return prepare(read_district(load_project(SAMPLE / "circles.toml")))


@pytest.fixture(scope="module")
def whole(city: Prepared) -> Assessment:
    """Score the sample in one."""
    return assess(city)


@pytest.fixture(scope="module")
def parts(city: Prepared, tmp_path_factory: pytest.TempPathFactory) -> list[Assessment]:
    """Score the sample street by street, each with its own part of the streets."""
    saved = tmp_path_factory.mktemp("streets") / "streets.network"
    save_network(city.district.network, saved)  # type: ignore[arg-type]
    cut = City.of(city, by="street")
    found = []
    for name in cut.parts:
        part = cut.cut(name)
        network = load_network(saved, box=part.streets_box)
        found.append(assess(replace(part.district, network=network)))
    return found


def below_one_another(parts: list[Assessment], table: str) -> pd.DataFrame:
    """Return a table of all parts in one."""
    return pd.concat([getattr(part, table) for part in parts], ignore_index=True)


def test_parts_are_judged_as_the_whole_is(whole: Assessment, parts: list[Assessment]) -> None:
    """Verdicts, shares, minutes and nearest facilities of every community are the same."""
    keys = ["community_id", "rule_id"]
    own, one = (t.set_index(keys).sort_index() for t in (
        below_one_another(parts, "verdicts"), whole.verdicts))  # fmt: skip
    assert own.index.equals(one.index)
    for name in ("verdict", "strict_verdict", "reason", "nearest_facility", "unit"):
        assert own[name].fillna("").tolist() == one[name].fillna("").tolist(), name
    for name in WALKED:
        np.testing.assert_allclose(
            own[name].astype(float), one[name].astype(float), rtol=0, atol=1e-9, err_msg=name
        )


def test_circles_and_other_rules_are_those_of_the_whole(
    whole: Assessment, parts: list[Assessment]
) -> None:
    """Tiers, and what presence and ratio find in communities and streets, are the same."""
    own, one = (
        t.set_index(["community_id", "tier"]).sort_index()[["verdict", "strict_verdict", "score"]]
        for t in (below_one_another(parts, "tiers"), whole.tiers)
    )
    pd.testing.assert_frame_equal(own, one)
    keys = ["rule_id", "level", "unit_id", "measure"]
    mine, all_ = (
        t[t["level"].isin(["community", "street"])].set_index(keys).sort_index()
        for t in (below_one_another(parts, "findings"), whole.findings)
    )
    assert len(all_) > 100
    pd.testing.assert_frame_equal(
        mine[["verdict", "value", "shortfall", "reason"]],
        all_[["verdict", "value", "shortfall", "reason"]],
    )


def test_homes_out_of_reach_are_those_of_the_whole(
    whole: Assessment, parts: list[Assessment]
) -> None:
    """The gaps of the parts are the gaps of the whole."""
    keys = ["rule_id", "community_id", "lon", "lat", "cost"]
    own, one = (
        t[[*keys, "weight"]].sort_values(keys).reset_index(drop=True)
        for t in (below_one_another(parts, "gaps"), whole.gaps)
    )
    pd.testing.assert_frame_equal(own, one)


def test_facilities_across_the_border_count(city: Prepared) -> None:
    """A part holds facilities that lie in other parts, within its margin."""
    cut = City.of(city, by="street")
    part = cut.cut(STREETS[1]).district
    own = part.communities.table.geometry.union_all()
    beyond = ~part.facilities.geometry.intersects(own)
    assert beyond.any()
    assert len(part.facilities) <= len(city.district.facilities)


def test_a_margin_that_loses_walks_is_refused(city: Prepared) -> None:
    """The message says how far the standard lets people walk."""
    with pytest.raises(InputError, match="lets people walk 5000 m"):
        City.of(city, by="street", margin_m=300)


def test_communities_without_a_district_are_named(city: Prepared) -> None:
    """What splits must be known of every community."""
    communities = city.district.communities
    table = communities.table.assign(district=None)
    unnamed = replace(city.district, communities=replace(communities, table=table))
    with pytest.raises(InputError, match="19 of 19 communities have no district"):
        City.of(replace(city, district=unnamed), by="district")


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a description of the sample split by streets."""
    return split_sample(tmp_path_factory.mktemp("batch"))


@pytest.fixture(scope="module")
def ran(batch: Path) -> Path:
    """Run it with one worker; return its folder."""
    seen: list[Standing] = []
    out = batch.parent / "out"
    result = run_batch(batch, out_dir=out, jobs=1, watch=seen.append)
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 3
    assert [standing.done for standing in seen] == [0, 1, 2, 3]
    assert result.city == out / "city"
    return out


def test_a_batch_says_what_it_did(ran: Path) -> None:
    """The record names each district; no clock stands in it."""
    record = json.loads((ran / "batch.json").read_text("utf-8"))
    assert [d["name"] for d in record["districts"]] == list(STREETS)
    assert sum(d["communities"] for d in record["districts"]) == 19
    assert record["counts"] == {"done": 3, "failed": 0, "skipped": 0, "not_started": 0}
    assert record["city"] == {"folder": "city"}
    clock = json.loads((ran / "batch-run.json").read_text("utf-8"))
    assert all(d["elapsed_s"] > 0 for d in clock["districts"])
    assert not list((ran / ".batch").glob(".parts-*"))


def test_the_city_counts_what_the_single_run_counts(ran: Path, whole: Assessment) -> None:
    """Roll-ups of the city are those of one run over all communities."""
    city = json.loads((ran / "city" / "results.json").read_text("utf-8"))
    found = {(r["target_id"], r["met"], r["denominator"]) for r in city["rollups"].values()}
    told = whole.rollups[["target_id", "met", "denominator"]].itertuples(index=False, name=None)
    assert found == set(told)
    table = gpd.read_parquet(ran / "city" / "communities.parquet")
    assert len(table) == 19


def test_what_is_done_is_left_alone(batch: Path, ran: Path) -> None:
    """A second run scores nothing and changes no byte; dates of files do not matter."""
    before = results(ran)
    (batch.parent / "communities.gpkg").touch()
    again = run_batch(batch, out_dir=ran)
    assert [outcome.status for outcome in again.outcomes] == ["skipped"] * 3
    assert results(ran) == before


def test_only_what_is_missing_is_scored_again(batch: Path, ran: Path) -> None:
    """A district whose manifest is gone is scored; the bytes are the same."""
    before = results(ran)
    (ran / STREETS[1] / "manifest.json").unlink()
    (ran / STREETS[2] / "map.html").unlink()
    again = run_batch(batch, out_dir=ran, jobs=1)
    assert [outcome.status for outcome in again.outcomes] == ["skipped", "done", "done"]
    assert results(ran) == before


def test_a_city_is_made_anew_of_what_was_damaged(batch: Path, ran: Path) -> None:
    """The first run tells of the damage; the next one scores that district and ends as before."""
    before = results(ran)
    (ran / ".batch" / STREETS[1] / "verdicts.parquet").write_bytes(b"x")
    (ran / "city" / "map.html").unlink()
    told = run_batch(batch, out_dir=ran)
    assert told.city is None
    assert "verdicts.parquet is not as it was written" in str(told.city_error)
    assert not (ran / "city").exists()
    again = run_batch(batch, out_dir=ran, jobs=1)
    assert [outcome.status for outcome in again.outcomes] == ["skipped", "done", "skipped"]
    assert results(ran) == before


def test_one_district_may_be_scored_anew(batch: Path, ran: Path) -> None:
    """The others stay what they are, and the city is there, of all of them."""
    before = results(ran)
    seen: list[Standing] = []
    again = run_batch(batch, out_dir=ran, only=[STREETS[1]], force=True, jobs=1, watch=seen.append)
    assert [outcome.status for outcome in again.outcomes] == ["skipped", "done", "skipped"]
    assert again.city == ran / "city"
    assert [(standing.done, standing.total) for standing in seen] == [(0, 1), (1, 1)]
    assert results(ran) == before


def test_some_districts_alone_make_no_city(batch: Path, tmp_path: Path) -> None:
    """`only` takes those; an unknown one is refused with those there are."""
    plan = plan_batch(batch, out_dir=tmp_path, only=[STREETS[2], STREETS[0]])
    assert [planned.job.name for planned in plan.wanted] == [STREETS[0], STREETS[2]]
    assert [planned.job.name for planned in plan.districts] == list(STREETS)
    with pytest.raises(InputError, match=r"there is no '越秀区'; there are: '云塔街道'"):
        plan_batch(batch, out_dir=tmp_path, only=["越秀区"])


def test_another_input_is_another_key(batch: Path, tmp_path: Path) -> None:
    """Content counts: a changed table, standard or language makes every district to do."""
    first = plan_batch(batch, out_dir=tmp_path).districts[0].job
    assert plan_batch(batch, out_dir=tmp_path / "other").districts[0].job == first
    assert plan_batch(batch, out_dir=tmp_path, lang="en").districts[0].job.key != first.key
    other = split_sample(tmp_path / "inputs")
    table = tmp_path / "inputs" / "childcare.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    assert plan_batch(other, out_dir=tmp_path).districts[0].job.key != first.key


def test_what_was_laid_down_is_checked_before_it_is_opened(tmp_path: Path) -> None:
    """A changed or missing file is an input error, and nothing of it is run."""
    laid = lay_down({"a": 1}, tmp_path / "part")
    assert pick_up(laid) == {"a": 1}
    Path(laid.path).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match="somebody changed"):
        pick_up(laid)
    Path(laid.path).unlink()
    with pytest.raises(InputError, match="all machines share"):
        pick_up(laid)


def test_a_district_that_cannot_be_read_is_an_outcome(batch: Path, tmp_path: Path) -> None:
    """A worker returns the reason in one line."""
    plan = plan_batch(batch, out_dir=tmp_path)
    (task, *_) = plan.tasks([plan.districts[0].job], tmp_path / "laid")
    assert task.part is not None
    Path(task.part.path).unlink()
    outcome = score(task)
    assert (outcome.name, outcome.status) == (STREETS[0], "failed")
    assert outcome.error is not None
    assert "\n" not in outcome.error
    assert "cannot read what the batch laid down" in outcome.error


@given(names=st.lists(st.text(max_size=90), max_size=8))
def test_folders_can_be_made_whatever_districts_are_called(names: list[str]) -> None:
    """No name leads elsewhere, is too long, or is that of another; case is no difference."""
    folders = folder_names(names)
    assert len({folder.casefold() for folder in folders}) == len(names)
    for folder in folders:
        assert folder == Path(folder).name
        assert folder not in {"", ".", "..", "city", ".batch"}
        assert not folder.startswith((".", "-"))
        assert len(folder) <= 70


FAULTY = {
    "neither": ("[batch]\n", "batch|write either projects"),
    "both": ('[batch]\nby = "district"\nprojects = ["*.toml"]\n', "write either projects"),
    "other": ('[batch]\nby = "county"\n', "district"),
    "none": ('[batch]\nprojects = ["no/*.toml"]\n', "no file fits 'no/\\*.toml'"),
    "missing": ("", r"there is no table \[batch\]"),
    "margin": ('[batch]\nprojects = ["x.toml"]\nmargin_m = 5\n', "margin_m means nothing"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_description_is_refused_in_words(tmp_path: Path, name: str) -> None:
    """The message says what is wrong and what is there."""
    text, said = FAULTY[name]
    path = tmp_path / "batch.toml"
    path.write_text(f'name = "x"\n{text}', "utf-8")
    with pytest.raises(InputError, match=said):
        load_batch(path)


def test_a_database_is_no_output_of_a_batch(tmp_path: Path) -> None:
    """Each district would take the place of the one before."""
    path = split_sample(tmp_path)
    text = path.read_text("utf-8").replace("[output]", '[output]\npostgis = "postgresql://h/d"')
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match="takes the results of one run"):
        load_batch(path)


def test_faults_of_a_split_project_are_all_named(tmp_path: Path) -> None:
    """The rest of the file is a project file, with the same messages."""
    path = split_sample(tmp_path)
    path.write_text(path.read_text("utf-8").replace("[network]", "[netwerk]"), "utf-8")
    with pytest.raises(FaultsError, match="netwerk"):
        load_batch(path)


@pytest.mark.parametrize(
    ("tasks", "heaviest", "memory", "most"), [(24, 500, 8000, 16), (1, 500, 8000, 1), (9, 9, 5, 1)]
)
def test_workers_fit_into_memory(tasks: int, heaviest: int, memory: int, most: int) -> None:
    """There is at least one, and never more than fit or than there is to do."""
    count = workers_for(tasks, heaviest, memory_mib=memory)
    assert 1 <= count <= most
    assert count * heaviest <= max(memory, heaviest)


def standings() -> Iterator[Standing]:
    """Yield the beginning and the middle of a batch."""
    yield Standing(10, 0, 0, 0, 0.0)
    yield Standing(10, 3, 1, 2, 120.0, Outcome("x", "x", "done"))


def test_rate_and_remaining_time() -> None:
    """Four districts in two minutes: two a minute, and four are left for two minutes."""
    first, middle = standings()
    assert (first.rate_per_min, first.remaining_s) == (0.0, None)
    assert (middle.rate_per_min, middle.remaining_s) == (2.0, 120.0)
