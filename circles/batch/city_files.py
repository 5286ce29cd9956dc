"""The files of a city: the same as a district's, as far as they are about all districts."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from circles.assessment import Assessment
from circles.check.model import CheckReport
from circles.errors import OutputError
from circles.maps import Edition, render_map
from circles.outputs import facts_of
from circles.reports.exports import write_geoparquet
from circles.reports.layers import result_layers, write_layers
from circles.reports.summary import write_summary
from circles.reports.workbook import write_workbook
from circles.results_folder import MANIFEST, made, obstacle, take_place
from circles.texts import load_texts

Progress = Callable[[str, float], None]

#: In the order in which they are put in place: where the last one is, all of them are.
CITY_FILES: Final = (
    "map.html",
    "communities.xlsx",
    "results.gpkg",
    "communities.parquet",
    "results.json",
    MANIFEST,
)


def write_city(
    assessment: Assessment,
    folder: Path,
    *,
    lang: str,
    check: CheckReport | None = None,
    edition: Edition | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
    progress: Progress = lambda _step, _share: None,
) -> None:
    """Write `CITY_FILES`, all of them or none; the same assessment gives the same bytes.

    Parameters
    ----------
    assessment
        What `circles.batch.city.combine` returns.
    folder
        The city's folder; files of other names in it are left alone.
    lang
        ``"zh"`` or ``"en"``.
    check
        What was found of the inputs, if they are those of the whole.
    edition
        How the map is published.
    more
        Further keys of the manifest, such as what the city was put together from.
    progress
        Called with a file's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        There are no texts in that language.
    OutputError
        The folder cannot be written.
    """
    try:
        if (found := obstacle(folder, CITY_FILES, set())) is not None:
            message = f"{folder}: the results of the city cannot be written ({found}); move it away"
            raise OutputError(message)
        with made(folder), tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as beside:
            _write_all(
                assessment,
                Path(beside),
                lang=lang,
                check=check,
                edition=edition,
                progress=progress,
            )
            manifest = {**facts_of(assessment, lang=lang), **more}
            _write_text(Path(beside) / MANIFEST, _json(manifest))
            take_place(Path(beside), folder, CITY_FILES)
    except OSError as error:
        message = (
            f"{folder}: the results of the city cannot be written ({error.strerror or error}); "
            "close files of it that are open elsewhere, or choose another folder"
        )
        raise OutputError(message) from error
    progress("done", 1.0)


def _write_all(
    assessment: Assessment,
    folder: Path,
    *,
    lang: str,
    check: CheckReport | None,
    edition: Edition | None,
    progress: Progress,
) -> None:
    progress("map.html", 0.0)
    _write_text(folder / "map.html", render_map(assessment, lang=lang, edition=edition))
    progress("communities.xlsx", 0.3)
    write_workbook(assessment, folder / "communities.xlsx", lang=lang, check=check)
    progress("results.gpkg", 0.6)
    layers = result_layers(assessment, load_texts(lang))
    write_layers(assessment, folder / "results.gpkg", lang=lang, layers=layers)
    progress("communities.parquet", 0.85)
    write_geoparquet(layers["communities"][0], folder / "communities.parquet")
    progress("results.json", 0.9)
    write_summary(assessment, folder / "results.json", check=check)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
