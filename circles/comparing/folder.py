"""What a results folder says, and what a batch's folder holds: read, and refused where damaged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

import geopandas as gpd
import numpy as np
import pyogrio
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from circles.crs import WGS84
from circles.errors import InputError
from circles.standards.model import Standard

_RESULTS: Final = "results.json"
_MANIFEST: Final = "manifest.json"
_LAYERS: Final = "results.gpkg"
_BATCH: Final = "batch.json"
#: What became of a district that has results, of this batch or of an earlier one.
_SCORED: Final = frozenset({"done", "skipped"})
_SCHEMA: Final = "circles.results/1"
#: What the comparison takes from the layer of communities, and from that of facilities.
_HOMES: Final = ("demand_source", "demand_points", "off_network_points")
DETAILS: Final = (
    *("capacity", "places", "seats", "beds", "area_m2", "serves", "opening_hours"),
    "off_network",
)
_PLACES: Final = ("facility_id", "name", "service", "origin", *DETAILS)


class Record(BaseModel):
    """A part of a file that `circles run` wrote; further keys of it are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


_Part = TypeVar("_Part", bound=Record)


class Figures(Record):
    """What a rule of access finds in a community; see ``docs/results.md``."""

    verdict: str | None
    reason: str
    unit: str
    total: float | None
    group_assumed: bool
    limit: float | None
    share_low: float | None
    share_high: float | None
    shortfall: float | None
    median_cost: float | None
    worst_cost: float | None
    nearest_facility: str | None


class Score(Record):
    """How a community stands to a circle."""

    met: int
    applied: int
    score: float | None


class Community(Record):
    """A community with its circles and its rules of access."""

    name: str
    setting: str
    zone: str | None
    street: str | None
    district: str | None
    population: float | None
    tiers: dict[str, str]
    scores: dict[str, Score]
    rules: dict[str, Figures]


class Rollup(Record):
    """How many communities or units meet a target."""

    target_id: str
    level: str
    unit_name: str | None
    tier: str | None
    rule: str | None
    setting: str | None
    counted: str
    met: int
    insufficient: int
    denominator: int
    min_share: float
    verdict: str


class Finding(Record):
    """What a rule of presence, ratio, size or inventory finds in a unit."""

    rule_id: str
    kind: str
    level: str
    unit_id: str
    unit_name: str | None
    measure: str
    unit: str
    value: float | None
    value_high: float | None
    numerator: float | None
    denominator: float | None
    verdict: str | None
    reason: str
    shortfall: float | None


class Summary(Record):
    """The content of ``results.json``."""

    name: str
    as_of: str | None
    fictional: bool
    communities: dict[str, Community]
    rollups: dict[str, Rollup]
    findings: list[Finding]


class Input(Record):
    """A file or a database table that a run read."""

    key: str
    path: str
    sha256: str


class Walker(Record):
    """A walking profile with every figure; see `circles.walking.Profile`."""

    speed_m_s: float = Field(gt=0)
    steps_speed_m_s: float = Field(ge=0)
    ferry_speed_m_s: float = Field(ge=0)
    crossing_s: float
    signals_s: float
    level_crossing_s: float
    lift_s: float
    slope: Literal["tobler"] | list[tuple[float, Annotated[float, Field(gt=0)]]]


class Parameters(Record):
    """What a run was told: the project file, the standard, the walking profiles."""

    project: dict[str, Any]
    standard: Standard
    profiles: dict[str, Walker]
    height_share: float | None = None

    @model_validator(mode="after")
    def _every_profile_is_there(self) -> Self:
        for rule in self.standard.access_rules:
            if rule.profile not in self.profiles:
                message = f"the profile {rule.profile!r} of a rule is missing"
                raise ValueError(message)
        return self


class Manifest(Record):
    """The content of ``manifest.json``."""

    inputs: list[Input]
    versions: dict[str, str]
    parameters: Parameters


@dataclass(frozen=True)
class Run:
    """A results folder.

    Parameters
    ----------
    summary, manifest
        Its figures, and what they were made of.
    homes
        Indexed by community id, EPSG:4326; columns `demand_source`, `demand_points`,
        `off_network_points` and the outline.
    facilities
        One row a facility and service, EPSG:4326, RangeIndex; columns `facility_id`, `name`,
        `service`, `origin`, and what is known of it.
    """

    summary: Summary
    manifest: Manifest
    homes: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame

    @property
    def standard(self) -> Standard:
        """The standard that was applied."""
        return self.manifest.parameters.standard


class _Entry(Record):
    name: str
    folder: str
    status: str


class _Districts(Record):
    districts: list[_Entry]


@dataclass(frozen=True)
class Batch:
    """The districts of a batch: their folders, and the names of those that have no results."""

    folders: Mapping[str, Path]
    without: tuple[str, ...]


def is_batch(folder: Path) -> bool:
    """Whether a folder is that of a batch, with a results folder for each district."""
    return (folder / _BATCH).is_file()


def read_batch(folder: Path) -> Batch:
    """Read which districts a batch has; one that was not scored counts as having no results.

    Raises
    ------
    InputError
        The folder's ``batch.json`` is damaged, names a district twice, or leads out of the folder.
    """
    path = folder / _BATCH
    try:
        entries = _Districts.model_validate(_json(path)).districts
    except ValidationError as error:
        raise InputError(_foreign(path, error)) from error
    if len({entry.name for entry in entries}) < len(entries):
        message = f"{path}: a district is named twice; run the batch again"
        raise InputError(message)
    found = {e.name: _inside(folder, e.folder, path) for e in entries}
    done = {
        entry.name: found[entry.name]
        for entry in entries
        if entry.status in _SCORED and (found[entry.name] / _RESULTS).is_file()
    }
    return Batch(done, tuple(name for name in found if name not in done))


def _inside(folder: Path, name: str, where: Path) -> Path:
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
    except (OSError, ValueError):
        inside = False
    if not inside:
        message = f"{where}: the folder {name!r} of a district is not inside the batch's folder"
        raise InputError(message)
    return path


def read_run(folder: Path) -> Run:
    """Read a results folder.

    Parameters
    ----------
    folder
        The folder that ``circles run`` wrote.

    Raises
    ------
    InputError
        A file is missing or damaged, or another version wrote it.
    """
    if not folder.is_dir():
        message = f"{folder}: there is no such folder; name the folder that `circles run` wrote"
        raise InputError(message)
    names = (_RESULTS, _MANIFEST, _LAYERS)
    if missing := [name for name in names if not (folder / name).is_file()]:
        message = (
            f"{folder}: this is no results folder, {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing; name the folder that `circles run` "
            "wrote, or a batch's folder with its batch.json"
        )
        raise InputError(message)
    summary = _checked(Summary, folder / _RESULTS)
    homes, facilities = _layers(folder / _LAYERS)
    if unlike := set(map(str, homes.index)) ^ summary.communities.keys():
        message = (
            f"{folder}: {_LAYERS} and {_RESULTS} are not of the same run ({len(unlike)} "
            "communities stand in one of them only); run it again"
        )
        raise InputError(message)
    return Run(summary, _checked(Manifest, folder / _MANIFEST), homes, facilities)


def _checked(kind: type[_Part], path: Path) -> _Part:
    content = _json(path)
    schema = content.get("schema", _SCHEMA)
    if kind is Summary and schema != _SCHEMA:
        message = f"{path}: written as {schema!r}, and {_SCHEMA!r} was expected; run it again"
        raise InputError(message)
    try:
        return kind.model_validate(content)
    except (ValidationError, RecursionError) as error:
        raise InputError(_foreign(path, error)) from error


def _foreign(path: Path, error: Exception) -> str:
    what = str(error)
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        what = f"{'.'.join(map(str, first['loc']))[:200]}: {first['msg']}"
    message = f"{path}: not as this version of circles writes it ({what}); run it again"
    return message  # noqa: RET504 - named, so that it is known for an error


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        message = f"{path}: the file cannot be read ({error.strerror or error})"
        raise InputError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{path}: not a file that circles wrote ({error}); run it again"
        raise InputError(message) from error
    if not isinstance(content, dict):
        message = f"{path}: not a file that circles wrote; run it again"
        raise InputError(message)
    return content


def _layers(path: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    try:
        homes = gpd.read_file(path, layer="communities", columns=["community_id", *_HOMES])
        facilities = gpd.read_file(path, layer="facilities", columns=list(_PLACES))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        message = f"{path}: the layers cannot be read ({error}); run it again"
        raise InputError(message) from error
    for layer, columns in ((homes, ("community_id", *_HOMES)), (facilities, _PLACES)):
        missing = [column for column in columns if column not in layer.columns]
        if missing:
            message = f"{path}: the column {missing[0]} is missing; run it again"
            raise InputError(message)
        if not _sound(layer):
            message = f"{path}: places are missing or are none on Earth; run it again"
            raise InputError(message)
    if not homes["community_id"].is_unique:
        message = f"{path}: a community stands there twice; run it again"
        raise InputError(message)
    return homes.set_index("community_id"), facilities.reset_index(drop=True)


def _sound(layer: gpd.GeoDataFrame) -> bool:
    if not isinstance(layer, gpd.GeoDataFrame) or (len(layer) and layer.crs != WGS84):
        return False
    known = not (layer.geometry.isna() | layer.geometry.is_empty).any()
    return bool(known and np.isfinite(layer.geometry.bounds.to_numpy()).all())
