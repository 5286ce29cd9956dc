"""What is made of all districts of a batch together, once every one of them is there."""

from collections.abc import Callable
from pathlib import Path

from circles.assessment import Assessment
from circles.assessment_files import ABOUT, load_assessment
from circles.batch.city import combine
from circles.batch.city_files import CITY_FILES, write_city
from circles.batch.jobs import BATCH_KEY, CITY, KEPT, key_in, manifest_of
from circles.batch.plan import Plan
from circles.errors import InputError
from circles.outputs import edition_of

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
    # A city that was split is drawn on its own ground; what lies under the parts is not needed.
    parts = [_kept(plan, planned.job.folder) for planned in plan.districts]
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


def _kept(plan: Plan, folder: str) -> Assessment:
    """Read a district's assessment; the next run scores a district anew of which it is damaged."""
    kept = plan.out_dir / KEPT / folder
    try:
        return load_assessment(kept, ground=plan.whole is None)
    except InputError:
        (kept / ABOUT).unlink(missing_ok=True)
        raise


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
    own = manifest_of(folder)
    whole = all((folder / name).is_file() for name in CITY_FILES)
    return whole and own is not None and key_in(own) == key
