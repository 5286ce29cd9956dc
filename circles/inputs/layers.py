"""Layers of places: read, and brought to the datum that they claim or that the evidence shows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy.typing as npt
import pandas as pd
import shapely

from circles.crs import WGS84
from circles.datum import Datum, from_wgs84, geometries_to_wgs84, in_mainland
from circles.datum_evidence import Diagnosis, contradicts, diagnose
from circles.project import Project
from circles.quality import Remark, Severity, faulty_rows
from circles.surroundings import Surroundings
from circles.tables import (
    DatabaseAddress,
    Ledger,
    LoadedLayer,
    LoadedTable,
    Source,
    load_layer,
    load_table,
)
from circles.tables.sheets import TABLES
from circles.texts import Note

Named = Callable[[gpd.GeoDataFrame], npt.ArrayLike]
"""Finds the community that each row of a layer names, by its position; -1 for none."""

_AUTO: Final = "auto"
_POINT: Final = 0


@dataclass(frozen=True)
class PlacedLayer:
    """A layer in WGS 84 or a CRS of its own, and what to know of its coordinates.

    Parameters
    ----------
    loaded
        The layer and its books; its datum is settled.
    remarks
        The evidence for its datum, and what was assumed of it.
    """

    loaded: LoadedLayer
    remarks: tuple[Remark, ...] = ()


def read_places(source: Source, around: Surroundings, *, named: Named | None = None) -> PlacedLayer:
    """Read a layer and settle the datum of its coordinates.

    With ``crs = "auto"`` the evidence decides, and where it does not, a remark of severity ``stop``
    asks for the setting. Where nothing was said, WGS 84 is assumed and said so, unless the
    evidence speaks against it: that is a ``stop``, too, and so it is where only the file itself
    says WGS 84. A datum that the project or a header says is kept; evidence against it is a
    warning.

    Parameters
    ----------
    source
        Where the layer is, and how to read it.
    around
        What its places are held against.
    named
        Which community each row names, if that is known.

    Raises
    ------
    InputError
        The layer cannot be read; see `circles.tables.load_layer`.
    """
    loaded = load_layer(source)
    diagnosis = _diagnosed(loaded, around, named)
    if loaded.datum is not None:
        return PlacedLayer(loaded, _on_declared(source, loaded, diagnosis))
    if diagnosis is None:
        settled = replace(loaded, datum=Datum.WGS84)
        return PlacedLayer(settled, _undecided(source, ()))
    if diagnosis.datum is None:
        return PlacedLayer(replace(loaded, datum=Datum.WGS84), _undecided(source, diagnosis.notes))
    return PlacedLayer(_moved(loaded, diagnosis.datum), _decided(source, diagnosis))


def _diagnosed(loaded: LoadedLayer, around: Surroundings, named: Named | None) -> Diagnosis | None:
    """Hold points against their surroundings; None for areas, for metres, and off the mainland."""
    shapes = loaded.places.geometry.to_numpy()
    points = shapely.get_type_id(shapes) == _POINT
    if not points.any() or not loaded.places.crs.is_geographic:
        return None
    places = loaded.places[points]
    lon, lat = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
    if not in_mainland(lon, lat).any():
        return None
    raw = from_wgs84(lon, lat, loaded.datum or Datum.WGS84)
    return diagnose(*raw, around, named=None if named is None else named(places))


def _moved(loaded: LoadedLayer, datum: Datum) -> LoadedLayer:
    shapes = geometries_to_wgs84(loaded.places.geometry.to_numpy(), datum)
    moved = loaded.places.set_geometry(gpd.GeoSeries(shapes, index=loaded.places.index), crs=WGS84)
    return replace(loaded, places=moved, datum=datum)


def _on_declared(
    source: Source, loaded: LoadedLayer, diagnosis: Diagnosis | None
) -> tuple[Remark, ...]:
    """Say what the evidence is on a datum that the project, the file or a header says.

    What a file says of itself is often only what the program that wrote it put there: GeoJSON says
    WGS 84 of whatever it holds.
    """
    datum = loaded.datum
    if datum is None or diagnosis is None:
        return ()
    mixed = _mixed(source, diagnosis.notes)
    if not diagnosis.tested and not mixed:
        return ()  # nothing speaks against it
    evidence = tuple(Remark(Severity.NOTE, note) for note in diagnosis.notes)
    found = diagnosis.datum
    if found is None or contradicts(datum, diagnosis) is None:
        return (*mixed, *evidence)
    by_header = any(fact.key == "reading.datum_named" for fact in loaded.ledger.facts)
    if source.crs is None and not by_header:
        told = Note.of("inputs.datum_labelled", origin=source.name, datum=found.value)
        return (Remark(Severity.STOP, told), *evidence)
    names = {"declared": datum.value, "found": found.value}
    told = Note.of("warnings.datum_contradicted", origin=source.name, **names)
    return (Remark(Severity.WARNING, told), *evidence)


def _mixed(source: Source, evidence: tuple[Note, ...]) -> tuple[Remark, ...]:
    """Warn of places that look as if several datums were mixed in one layer."""
    for note in evidence:
        if note.key == "datum.several":
            told = Note.of("warnings.datum_mixed", origin=source.name, **dict(note.values))
            return (Remark(Severity.WARNING, told),)
    return ()


def _undecided(source: Source, evidence: tuple[Note, ...]) -> tuple[Remark, ...]:
    notes = tuple(Remark(Severity.NOTE, note) for note in evidence)
    if source.crs is not None:
        return (Remark(Severity.STOP, Note.of("inputs.datum_open", origin=source.name)), *notes)
    assumed = Note.of("assumptions.datum_assumed", origin=source.name)
    return (*_mixed(source, evidence), Remark(Severity.NOTE, assumed), *notes)


def _decided(source: Source, diagnosis: Diagnosis) -> tuple[Remark, ...]:
    notes = tuple(Remark(Severity.NOTE, note) for note in diagnosis.notes)
    if source.crs == _AUTO or diagnosis.datum is Datum.WGS84 or diagnosis.datum is None:
        return notes
    key = diagnosis.datum.value
    unsaid = Note.of("inputs.datum_unsaid", origin=source.name, datum=key)
    return (Remark(Severity.STOP, unsaid), *notes)


def enough_used(ledger: Ledger, project: Project) -> tuple[Remark, ...]:
    """Say so where too few rows of a layer can be used for its results to mean anything."""
    faulty, records = faulty_rows(ledger)
    if faulty == 0 or records - faulty >= project.file.check.min_used_share * records:
        return ()
    note = Note.of("inputs.few_used", origin=ledger.source, faulty=faulty, records=records)
    return (Remark(Severity.STOP, note),)


def load_frame(source: Source) -> LoadedTable:
    """Read the rows of a table, or of a layer whose places do not matter.

    Raises
    ------
    InputError
        It cannot be read.
    """
    location = source.location
    if isinstance(location, DatabaseAddress) or location.suffix.lower() in TABLES:
        return load_table(source)
    layer = load_layer(source)
    frame = layer.places.drop(columns=layer.places.geometry.name)
    return LoadedTable(pd.DataFrame(frame), layer.ledger)
