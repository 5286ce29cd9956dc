"""Writing the results folder: every file beside its place first, then moved into it."""

import hashlib
import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
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
from circles.walking import PROFILES

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
_PACKAGES: Final = (
    "circles",
    "contourpy",
    "folium",
    "geopandas",
    "numba",
    "numpy",
    "osmium",
    "pandas",
    "pyogrio",
    "pyproj",
    "scipy",
    "shapely",
)


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
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out_dir.name}-", dir=out_dir.parent) as beside:
            _write_all(assessment, project, Path(beside), lang=lang, run=run, progress=progress)
            out_dir.mkdir(exist_ok=True)
            for name in FILES:
                shutil.move(Path(beside) / name, out_dir / name)
    except OSError as error:
        message = (
            f"{out_dir}: the results cannot be written ({error.strerror or error}); close files "
            "of it that are open elsewhere, or choose another folder with --out"
        )
        raise OutputError(message) from error


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
    return {
        "name": assessment.name,
        "as_of": assessment.as_of.isoformat() if assessment.as_of else None,
        "fictional": assessment.fictional,
        "inputs": [
            {"key": key, "path": text, "sha256": _sha256(path), "bytes": path.stat().st_size}
            for key, text, path in project.inputs()
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
                name: {
                    "speed_m_s": profile.speed_m_s,
                    "steps_speed_m_s": profile.steps_speed_m_s,
                    "ferry_speed_m_s": profile.ferry_speed_m_s,
                }
                for name, profile in sorted(PROFILES.items())
            },
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", "utf-8", newline="\n")
