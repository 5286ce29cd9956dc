"""What is made of all districts of a batch together, once every one of them is there."""

import json
from collections.abc import Callable
from pathlib import Path

from circles.assessment import Assessment
from circles.assessment_files import load_assessment
from circles.batch.city import combine
from circles.batch.city_files import CITY_FILES, write_city
from circles.batch.jobs import BATCH_KEY, CITY, KEPT
from circles.batch.plan import Plan
from circles.outputs import edition_of
from circles.results_folder import MANIFEST

Progress = Callable[[str, float], None]


def write_together(
    plan: Plan, *, force: bool = False, progress: Progress = lambda _step, _share: None
) -> Path:
    """Write what is city-wide, unless it is there already; return its folder.

    Parameters
    ----------
    plan
        The batch; each of its districts has its results.
    force
        Whether to write it anew though it is there.
    progress
        Called with a file's name and the share of the work done, 0-1.

    Raises
    ------
    InputError
        The districts cannot be put together, such as those of several standards.
    OutputError
        The folder cannot be written.
    """
    folder = plan.out_dir / CITY
    if not force and _is_there(folder, plan.key):
        return folder
    kept = plan.out_dir / KEPT
    parts = [load_assessment(kept / planned.job.folder) for planned in plan.districts]
    project = plan.batch.project
    write_city(
        _city(plan, parts),
        folder,
        lang=plan.lang,
        check=None if plan.whole is None else plan.whole.check,
        edition=None if project is None else edition_of(project),
        more={BATCH_KEY: {"key": plan.key, "districts": [part.name for part in parts]}},
        progress=progress,
    )
    return folder


def _city(plan: Plan, parts: list[Assessment]) -> Assessment:
    if plan.whole is None:
        return combine(parts, name=plan.batch.name, districts=True)
    city = plan.whole.city
    district = city.prepared.district
    return combine(
        parts,
        name=district.name,
        level=city.level,
        findings=city.found.findings,
        basemap=district.basemap,
        height_share=city.height_share,
    )


def _is_there(folder: Path, key: str) -> bool:
    if not all((folder / name).is_file() for name in CITY_FILES):
        return False
    try:
        known = json.loads((folder / MANIFEST).read_text("utf-8"))[BATCH_KEY]["key"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False
    return bool(known == key)
