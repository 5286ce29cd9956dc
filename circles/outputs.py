"""Writing the results folder: every file beside its place first, then moved into it."""

import json
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.check.page import write_check_page
from circles.check.record import summary_of, write_check
from circles.errors import OutputError
from circles.maps import Edition, base_map, render_map
from circles.project import Project
from circles.project.locations import with_variables
from circles.reports.briefing import render_briefing
from circles.reports.database import refuse_unwritable_database, write_database
from circles.reports.exports import export_names, write_exports
from circles.reports.handouts import Handouts, write_handouts
from circles.reports.layers import write_layers
from circles.reports.summary import write_summary
from circles.reports.workbook import write_workbook
from circles.results_folder import (
    WRITTEN,
    checksums,
    made,
    obstacle,
    sha256,
    stale_files,
    take_place,
)
from circles.tables.address import DatabaseAddress, redacted
from circles.tables.database import content_sha256
from circles.texts import Note, load_texts
from circles.walking import Profile

Progress = Callable[[str, float], None]

#: The files of every results folder, in the order in which a reader would open them. They are put
#: in place in this order: where the last one is, all of them are.
FILES: Final = (
    "map.html",
    "briefing.html",
    "check.html",
    "communities.xlsx",
    "results.gpkg",
    "results.json",
    "check.json",
    "run.json",
    "manifest.json",
)
#: The map for an iframe in another page, written on request.
FRAGMENT: Final = "map-fragment.html"
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
        edition_of(project)
        found = obstacle(out_dir, (*FILES, *_on_request(project)), _read(project))
    except OSError as error:
        found = error.strerror or str(error)
    if found is not None:
        message = (
            f"{out_dir}: the results cannot be written ({found}); choose another folder with "
            "--out, or with output.dir in the project file"
        )
        raise OutputError(message)
    output = project.file.output
    if output.postgis is not None:
        address = DatabaseAddress(output.postgis)
        refuse_unwritable_database(address, schema=output.postgis_schema)


def _read(project: Project) -> set[Path]:
    return {path.resolve() for _, _, path in project.inputs()}


def _on_request(project: Project) -> tuple[str, ...]:
    """Return the files that only some projects ask for, relative to the results folder."""
    fragment = (FRAGMENT,) if project.file.map.fragment else ()
    return (*fragment, *export_names(project.file.output.formats))


def edition_of(project: Project) -> Edition:
    """Return how a project wants its map published.

    Raises
    ------
    InputError
        The token of a base map names an environment variable that is not set.
    """
    table = project.file.map
    token = with_variables(table.tianditu_token or "")
    bases = tuple(
        base_map(name, token=token) if name == "tianditu" else base_map(name)
        for name in table.base_maps
    )
    return Edition(review=table.review, bases=bases)


@dataclass(frozen=True)
class Known:
    """What a manifest says besides, and what of it need not be found again.

    Parameters
    ----------
    inputs
        What `input_records` returns; None to look at the files.
    more
        Further keys.
    """

    inputs: Sequence[Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def write_outputs(
    assessment: Assessment,
    project: Project,
    *,
    out_dir: Path,
    lang: str,
    check: CheckReport,
    run: Callable[[tuple[Note, ...]], Mapping[str, Any]],
    known: Known | None = None,
    progress: Progress = lambda _step, _share: None,
) -> tuple[Note, ...]:
    """Write all results of a run; nothing is left behind if one of them fails.

    Parameters
    ----------
    assessment
        The results.
    project
        The project they were made from, for the manifest.
    out_dir
        The results folder; files of other names in it are left alone. What an earlier run wrote on
        request and this one does not goes, unless somebody changed it.
    lang
        ``"zh"`` or ``"en"``.
    check
        What was found of the inputs before anything was scored.
    run
        Called last for what goes into ``run.json``, the only file that differs between two
        equal runs; it is given what is returned.
    known
        What the manifest says besides, or is known of it already.
    progress
        Called with a file's name and the share of the work done, 0-1.

    Returns
    -------
    tuple of Note
        What could not be written on this machine, or not in full, and why.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    try:
        with made(out_dir), tempfile.TemporaryDirectory(prefix=".new-", dir=out_dir) as beside:
            made_too = _write_all(
                assessment,
                project,
                Path(beside),
                lang=lang,
                check=check,
                run=run,
                known=known or Known(),
                progress=progress,
            )
            _write_database(assessment, project, lang=lang)
            names = (*_on_request(project), *made_too.names, *FILES)
            stale = stale_files(out_dir, names, _read(project))
            take_place(Path(beside), out_dir, names, stale=stale)
    except OSError as error:
        message = (
            f"{out_dir}: the results cannot be written ({error.strerror or error}); close files "
            "of it that are open elsewhere, or choose another folder with --out"
        )
        raise OutputError(message) from error
    return made_too.notes


def _write_database(assessment: Assessment, project: Project, *, lang: str) -> None:
    """Write the layers to the project's database, too, if it names one."""
    output = project.file.output
    if output.postgis is not None:
        write_database(
            assessment,
            DatabaseAddress(output.postgis),
            schema=output.postgis_schema,
            lang=lang,
        )


def _write_all(
    assessment: Assessment,
    project: Project,
    folder: Path,
    *,
    lang: str,
    check: CheckReport,
    run: Callable[[tuple[Note, ...]], Mapping[str, Any]],
    known: Known,
    progress: Progress,
) -> Handouts:
    progress("map.html", 0.0)
    edition, output = edition_of(project), project.file.output
    templates = None if output.templates is None else project.resolve(output.templates)
    map_html = render_map(assessment, lang=lang, edition=edition)
    (folder / "map.html").write_text(map_html, "utf-8", newline="\n")
    if project.file.map.fragment:
        fragment = render_map(assessment, lang=lang, edition=replace(edition, fragment=True))
        (folder / FRAGMENT).write_text(fragment, "utf-8", newline="\n")
    progress("briefing.html", 0.15)
    briefing = render_briefing(
        assessment,
        map_html=map_html,
        lang=lang,
        templates=templates,
        edition=edition,
        check=check,
    )
    (folder / "briefing.html").write_text(briefing, "utf-8", newline="\n")
    write_check_page(check, folder / "check.html", lang=lang)
    write_check(check, folder / "check.json")
    progress("communities.xlsx", 0.25)
    write_workbook(assessment, folder / "communities.xlsx", lang=lang, check=check)
    progress("results.gpkg", 0.3)
    write_layers(assessment, folder / "results.gpkg", lang=lang)
    progress("results.json", 0.35)
    write_summary(assessment, folder / "results.json", check=check)
    write_exports(assessment, folder, formats=output.formats, lang=lang)
    handouts = write_handouts(
        assessment,
        folder,
        documents=output.documents,
        lang=lang,
        edition=edition,
        templates=templates,
        check=check,
        progress=lambda name, share: progress(name, 0.4 + 0.55 * share),
    )
    record = manifest(assessment, project, check, lang=lang, known=known)
    written = checksums(folder, (*_on_request(project), *handouts.names))
    _write_json(folder / "manifest.json", {**record, WRITTEN: written})
    _write_json(folder / "run.json", run(handouts.notes))
    return handouts


def manifest(
    assessment: Assessment,
    project: Project,
    check: CheckReport,
    *,
    lang: str,
    known: Known | None = None,
) -> dict[str, Any]:
    """Return what a run was made of: inputs with checksums, versions, parameters, assumptions.

    Parameters
    ----------
    assessment
        The results.
    project
        The project they were made from.
    check
        What was found of its inputs.
    lang
        The language of the sentences.
    known
        What else it says, or is known already.
    """
    known = known or Known()
    facts = facts_of(assessment, lang=lang)
    inputs = input_records(project) if known.inputs is None else known.inputs
    return {
        **facts,
        "inputs": [*inputs, *_databases(check)],
        "parameters": {**facts["parameters"], "project": _without_secrets(project)},
        **known.more,
        "check": summary_of(check),
    }


def facts_of(assessment: Assessment, *, lang: str) -> dict[str, Any]:
    """Return what a manifest says of results, whatever they were made from; no input is named.

    Parameters
    ----------
    assessment
        The results.
    lang
        The language of the sentences.
    """
    texts, standard = load_texts(lang), assessment.standard
    share = assessment.height_share
    return {
        "name": assessment.name,
        "as_of": assessment.as_of.isoformat() if assessment.as_of else None,
        "fictional": assessment.fictional,
        "inputs": [],
        "versions": versions(),
        "parameters": {
            "project": {},
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


def input_records(project: Project) -> list[dict[str, Any]]:
    """Return the files a project reads: key, path, SHA-256 and size of each; no databases."""
    return [
        {"key": key, "path": name, "sha256": sha256(part), "bytes": part.stat().st_size}
        for key, text, path in project.inputs()
        for name, part in _parts(text, path)
    ]


def versions() -> dict[str, str]:
    """Return the versions that results hang on, by package."""
    packages = {name: version(name) for name in _PACKAGES}
    return {**packages, "python": platform.python_version()}


def _without_secrets(project: Project) -> dict[str, Any]:
    """Return what the project file says, without passwords and keys."""
    said: dict[str, Any] = redacted(project.file.model_dump(mode="json", exclude_none=True))
    said["map"].pop("tianditu_token", None)
    return said


def _databases(check: CheckReport) -> list[dict[str, Any]]:
    """Return what was read from databases: the hash is that of the rows."""
    read = ((layer.role, layer.ledger, content_sha256(layer.ledger)) for layer in check.layers)
    return [
        {"key": role, "path": ledger.source, "sha256": digest, "rows": ledger.read}
        for role, ledger, digest in read
        if digest is not None
    ]


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


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", "utf-8", newline="\n")
