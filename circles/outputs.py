"""Writing the results folder: every file beside its place first, then moved into it."""

import hashlib
import json
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from circles.assessment import Assessment
from circles.errors import OutputError
from circles.maps import render_map
from circles.project import Project
from circles.reports.briefing import render_briefing
from circles.reports.layers import write_layers
from circles.reports.summary import write_summary
from circles.reports.workbook import write_workbook
from circles.texts import load_texts
from circles.walking import Profile

Progress = Callable[[str, float], None]

#: The files of a results folder, in the order in which a reader would open them.
FILES: Final = (
    "map.html",
    "briefing.html",
    "communities.xlsx",
    "results.gpkg",
    "results.json",
    "manifest.json",
    "run.json",
)
_SHAPEFILE: Final = (".cpg", ".dbf", ".prj", ".shp", ".shx")
_PACKAGES: Final = (
    "circles",
    "folium",
    "geopandas",
    "numba",
    "numpy",
    "osmium",
    "pandas",
    "pyogrio",
    "pyproj",
    "rasterio",
    "scipy",
    "shapely",
)


def refuse_unwritable(out_dir: Path, project: Project) -> None:
    """Refuse a results folder that cannot be one, before anything is computed for it.

    Raises
    ------
    OutputError
        A file stands where the folder, or a folder where a result should be; or a result would
        replace an input.
    """
    try:
        obstacle = _obstacle(out_dir, {path.resolve() for _, _, path in project.inputs()})
    except OSError as error:
        obstacle = error.strerror or str(error)
    if obstacle is not None:
        message = (
            f"{out_dir}: the results cannot be written ({obstacle}); choose another folder with "
            "--out, or with output.dir in the project file"
        )
        raise OutputError(message)


def _obstacle(out_dir: Path, inputs: set[Path]) -> str | None:
    there = next(path for path in (out_dir, *out_dir.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is a file"
    targets = [out_dir / name for name in FILES]
    if folders := [path.name for path in targets if path.is_dir()]:
        return f"a folder stands where a result should be: {', '.join(folders)}"
    if read := [path.name for path in targets if path.resolve() in inputs]:
        return f"the project reads what would be replaced: {', '.join(read)}"
    return None


def write_outputs(
    assessment: Assessment,
    project: Project,
    *,
    out_dir: Path,
    lang: str,
    run: Callable[[], Mapping[str, Any]],
    progress: Progress = lambda _step, _share: None,
) -> None:
    """Write all results of a run; nothing is left behind if one of them fails.

    Parameters
    ----------
    assessment
        The results.
    project
        The project they were made from, for the manifest.
    out_dir
        The results folder; files of other names in it are left alone.
    lang
        ``"zh"`` or ``"en"``.
    run
        Called last for what goes into ``run.json``, the only file that differs between two
        equal runs.
    progress
        Called with a file's name and the share of the work done, 0-1.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    try:
        with _folder(out_dir), tempfile.TemporaryDirectory(prefix=".new-", dir=out_dir) as beside:
            _write_all(assessment, project, Path(beside), lang=lang, run=run, progress=progress)
            _move_all(Path(beside), out_dir)
    except OSError as error:
        message = (
            f"{out_dir}: the results cannot be written ({error.strerror or error}); close files "
            "of it that are open elsewhere, or choose another folder with --out"
        )
        raise OutputError(message) from error


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """Make a folder and those above it; if what follows fails, the new ones go again."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    with ExitStack() as undo:
        for folder in reversed(new):
            folder.mkdir()
            undo.callback(folder.rmdir)
        yield
        undo.pop_all()


def _move_all(beside: Path, out_dir: Path) -> None:
    """Move all files into their place, or none: what was there before is put back."""
    before = beside / "before"
    before.mkdir()
    old = [name for name in FILES if (out_dir / name).exists()]
    try:
        for name in old:
            (out_dir / name).rename(before / name)
        for name in FILES:
            (beside / name).rename(out_dir / name)
    except OSError:
        for name in FILES:
            if name not in old:
                (out_dir / name).unlink(missing_ok=True)
            elif (before / name).exists():
                (before / name).replace(out_dir / name)
        raise


def _write_all(
    assessment: Assessment,
    project: Project,
    folder: Path,
    *,
    lang: str,
    run: Callable[[], Mapping[str, Any]],
    progress: Progress,
) -> None:
    progress("map.html", 0.0)
    map_html = render_map(assessment, lang=lang)
    (folder / "map.html").write_text(map_html, "utf-8", newline="\n")
    progress("briefing.html", 0.4)
    briefing = render_briefing(assessment, map_html=map_html, lang=lang)
    (folder / "briefing.html").write_text(briefing, "utf-8", newline="\n")
    progress("communities.xlsx", 0.6)
    write_workbook(assessment, folder / "communities.xlsx", lang=lang)
    progress("results.gpkg", 0.7)
    write_layers(assessment, folder / "results.gpkg", lang=lang)
    progress("results.json", 0.9)
    write_summary(assessment, folder / "results.json")
    _write_json(folder / "manifest.json", manifest(assessment, project, lang=lang))
    _write_json(folder / "run.json", run())


def manifest(assessment: Assessment, project: Project, *, lang: str) -> dict[str, Any]:
    """Return what a run was made of: inputs with checksums, versions, parameters, assumptions.

    Parameters
    ----------
    assessment
        The results.
    project
        The project they were made from.
    lang
        The language of the sentences.
    """
    texts, standard = load_texts(lang), assessment.standard
    share = assessment.height_share
    return {
        "name": assessment.name,
        "as_of": assessment.as_of.isoformat() if assessment.as_of else None,
        "fictional": assessment.fictional,
        "inputs": [
            {"key": key, "path": name, "sha256": _sha256(part), "bytes": part.stat().st_size}
            for key, text, path in project.inputs()
            for name, part in _parts(text, path)
        ],
        "versions": {
            **{name: version(name) for name in _PACKAGES},
            "python": platform.python_version(),
        },
        "parameters": {
            "project": project.file.model_dump(mode="json", exclude_none=True),
            "lang": lang,
            "standard": standard.model_dump(mode="json", exclude_none=True, by_alias=True),
            "profiles": {
                name: _profile_record(walker)
                for name, walker in sorted(assessment.profiles.items())
            },
            **({} if share is None else {"height_share": round(share, 4)}),
        },
        "assumptions": [
            *(
                {"id": item.id, "status": "assumed", "text": item.text[lang]}
                for item in standard.assumptions
            ),
            *(
                {"id": note.key.split(".", 1)[1], "status": "assumed", "text": texts.note(note)}
                for note in assessment.assumptions
            ),
        ],
        "warnings": [
            {"id": note.key.split(".", 1)[1], "text": texts.note(note)}
            for note in assessment.warnings
        ],
    }


def _profile_record(walker: Profile) -> dict[str, Any]:
    """Return all that a profile says; where it has no table of slopes, Tobler's function counts."""
    record = asdict(walker)
    del record["id"]
    return {**record, "slope": record["slope"] or "tobler"}


def _parts(text: str, path: Path) -> list[tuple[str, Path]]:
    """Return the files an input consists of: a geodatabase is a folder, a Shapefile has fellows."""
    if path.is_dir():
        files = sorted(part for part in path.rglob("*") if part.is_file())
        return [(f"{text}/{part.relative_to(path).as_posix()}", part) for part in files]
    if path.suffix.lower() == ".shp":
        fellows = sorted(path.with_suffix(suffix) for suffix in _SHAPEFILE)
        return [(text[:-4] + part.suffix, part) for part in fellows if part.is_file()]
    return [(text, path)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", "utf-8", newline="\n")
