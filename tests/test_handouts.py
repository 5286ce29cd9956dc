"""Report, PDF and maps in the results folder: on request, all or nothing, and cleared away."""

import json
import shutil
from pathlib import Path

import pytest

from circles.cli import main
from circles.errors import InputError
from circles.outputs import FILES
from circles.pipeline import run_project
from circles.texts import Note

SAMPLE = Path(__file__).parent.parent / "data" / "sample"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sample's project that asks for the report and the maps, twice run."""
    folder = tmp_path_factory.mktemp("handouts")
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    path = folder / "circles.toml"
    run_project(path, out_dir=folder / "one", documents=("docx", "maps"))
    run_project(path, out_dir=folder / "two", documents=("docx", "maps"))
    return path


def names(folder: Path) -> set[str]:
    """Return every file of a results folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_asked_for_is_there(project: Path) -> None:
    """The report, and a PNG and an SVG of each circle and each service; no PDF."""
    found = names(project.parent / "one") - set(FILES)
    maps = {name for name in found if name.startswith("maps/")}
    assert found - maps == {"briefing.docx"}
    assert {"maps/circle-convenience.png", "maps/service-elder_meal.svg"} <= maps
    stems = {name.rpartition(".")[0] for name in maps}
    assert maps == {f"{stem}.{kind}" for stem in stems for kind in ("png", "svg")}


def test_the_same_project_gives_the_same_bytes(project: Path) -> None:
    """Report and maps of two runs are equal."""
    one, two = (project.parent / name for name in ("one", "two"))
    for name in names(one) - {"run.json"}:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_run_without_documents_clears_those_of_an_earlier_run(project: Path) -> None:
    """What a run wrote goes; what somebody changed since stays."""
    folder = project.parent / "two"
    changed = folder / "maps" / "service-elder_meal.svg"
    changed.write_text("mine", "utf-8")
    run_project(project, out_dir=folder, documents=())
    assert names(folder) - set(FILES) == {"maps/service-elder_meal.svg"}


def test_an_unknown_document_is_refused_before_anything_is_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message lists what there is."""
    with pytest.raises(InputError, match="no document 'doc'; documents: 'docx'"):
        run_project(project, out_dir=project.parent / "three", documents=("doc",))  # type: ignore[arg-type]
    monkeypatch.setattr("sys.argv", ["circles", "run", str(project), "--documents", "docx,odt"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "no document 'odt'" in capsys.readouterr().err
    assert not (project.parent / "three").exists()


def test_what_cannot_be_written_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot print gives no PDF, and says why in the result and in run.json."""
    note = Note.of("charts.pdf_no_printer")
    monkeypatch.setattr("circles.reports.handouts.write_pdf", lambda *_args, **_more: note)
    folder = project.parent / "four"
    result = run_project(project, out_dir=folder, documents=("pdf",), lang="en")
    assert result.notes == (note,)
    (said,) = json.loads((folder / "run.json").read_text("utf-8"))["notes"]
    assert said.startswith("There is no briefing.pdf")
    assert names(folder) == set(FILES)


def test_a_template_of_ones_own_takes_the_place_of_the_bundled_one(project: Path) -> None:
    """It may build on it; the folder is an input with checksums."""
    folder = project.parent / "templates"
    folder.mkdir()
    text = '{% extends "circles/briefing.html" %}{% block footer %}<p>民政局</p>{% endblock %}'
    (folder / "briefing.html").write_text(text, "utf-8")
    own = project.with_name("own.toml")
    said = project.read_text("utf-8").replace("[output]", '[output]\ntemplates = "templates"')
    own.write_text(said, "utf-8")
    out = project.parent / "five"
    run_project(own, out_dir=out)
    assert "<p>民政局</p>" in (out / "briefing.html").read_text("utf-8")
    inputs = json.loads((out / "manifest.json").read_text("utf-8"))["inputs"]
    assert "templates/briefing.html" in [one["path"] for one in inputs]
