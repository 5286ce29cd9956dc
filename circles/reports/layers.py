"""The results as layers, and as a GeoPackage that opens in QGIS with colours and plain words."""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from circles.assessment import Assessment
from circles.explain import explain_basis, explain_verdict, one_line, sentence
from circles.explain_finding import (
    community_findings,
    community_verdicts,
    finding_words,
    worst_findings,
)
from circles.reports.gap_layer import gap_layer
from circles.reports.geopackage import describe
from circles.reports.styles import layer_styles
from circles.standards.model import AccessRule
from circles.texts import Texts, load_texts

LAYERS: Final = ("communities", "facilities", "isochrones", "gaps")
"""The layers of the results."""

_GEOPACKAGE = "1.3"
"""The version that desktop programs of recent years read without a warning."""
_NO_DATE = "1980-01-01"
_FIGURES = (
    "verdict",
    "reason",
    "group",
    "group_assumed",
    "unit",
    "min_share",
    "total",
    "covered_low",
    "covered_high",
    "share_low",
    "share_high",
    "shortfall",
    "out_of_reach",
    "nearest_facility",
)
_COSTS = (
    *("limit", "median_cost", "p90_cost", "worst_cost", "beyond_median_cost", "nearest_cost"),
    "provable_cost",
)
_STRICT = ("strict_verdict", "strict_share_low", "strict_share_high", "strict_shortfall")
_OPEN = ("open_share_low", "open_share_high", "open_known", "open_unknown")
_TIER = {
    "": "verdict",
    "_strict": "strict_verdict",
    "_met": "met",
    "_applied": "applied",
    "_score": "score",
}
_UNITS = {"time_threshold": "min", "distance_threshold": "m"}


def write_layers(
    assessment: Assessment,
    path: Path,
    *,
    lang: str,
    layers: Mapping[str, tuple[gpd.GeoDataFrame, str]] | None = None,
) -> None:
    """Write the results as a GeoPackage in EPSG:4326; the same assessment gives the same bytes.

    The layer `communities` holds every figure: for each tier its verdict in ``tier_<id>``, how
    many rules are met and its score in ``tier_<id>_met`` and ``tier_<id>_score``, for each rule
    the columns ``<id>_verdict``, ``<id>_share_low``, ``<id>_median_min`` and so on.
    `facilities`, `isochrones` and `gaps` (the homes out of reach; see
    `circles.reports.gap_layer`) lie beside it. The file carries styles for QGIS, which shows the
    communities by the verdict of the standard's first tier, and what each column is called.

    Parameters
    ----------
    assessment
        The run.
    path
        The file to write, ``.gpkg``; one that is there is replaced.
    lang
        The language of explanations and legends, ``"zh"`` or ``"en"``.
    layers
        What `result_layers` returned, if it was asked for already.

    Raises
    ------
    InputError
        There are no texts in that language.
    """
    texts = load_texts(lang)
    layers = layers or result_layers(assessment, texts)
    path.unlink(missing_ok=True)
    moment = f"{assessment.as_of or _NO_DATE}T00:00:00.000Z"
    with _gdal_clock(moment):
        for name, (layer, geometry_type) in layers.items():
            _write_layer(layer, path, name, geometry_type)
    aliases = {
        name: layer_aliases(name, layer, assessment, texts) for name, (layer, _) in layers.items()
    }
    styles = tuple(layer_styles(assessment, aliases=aliases, texts=texts))
    describe(path, styles=styles, aliases=aliases, moment=moment)


def result_layers(assessment: Assessment, texts: Texts) -> dict[str, tuple[gpd.GeoDataFrame, str]]:
    """Return the layers of the results by name, each with its type of geometry; in EPSG:4326."""
    layers = {
        "communities": (_communities(assessment, texts), "MultiPolygon"),
        "facilities": (assessment.facilities, "Point"),
        "isochrones": (assessment.isochrones, "MultiPolygon"),
        "gaps": (gap_layer(assessment), "Point"),
    }
    return {
        name: (_labelled(layer, assessment, texts), geometry_type)
        for name, (layer, geometry_type) in layers.items()
    }


@contextmanager
def _gdal_clock(moment: str) -> Iterator[None]:
    """Let GDAL take a moment for the current time, and put back what it was told before."""
    import pyogrio

    name = "OGR_CURRENT_DATE"
    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: moment})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})


def _write_layer(layer: gpd.GeoDataFrame, path: Path, name: str, geometry_type: str) -> None:
    import pyogrio

    pyogrio.write_dataframe(
        layer,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=geometry_type,
        promote_to_multi=geometry_type == "MultiPolygon",
        append=path.exists(),
        dataset_options=None if path.exists() else {"VERSION": _GEOPACKAGE},
    )


def _labelled(layer: gpd.GeoDataFrame, assessment: Assessment, texts: Texts) -> gpd.GeoDataFrame:
    return layer.assign(data_label=texts("words.fictional")) if assessment.fictional else layer


def _others(assessment: Assessment, texts: Texts) -> dict[str, list[str]]:
    """Return what the rules that are not of access find in each community, in words."""
    told: dict[str, list[str]] = {}
    found = worst_findings(community_findings(assessment.findings))
    for row in found.to_dict("records"):
        words = finding_words(row, assessment.standard, texts)
        told.setdefault(str(row["unit_id"]), []).append(sentence((words,), texts))
    return told


def _communities(assessment: Assessment, texts: Texts) -> gpd.GeoDataFrame:
    communities = assessment.communities
    index = communities.index
    lines = _explanations(assessment, texts)
    columns = dict(_tier_columns(assessment))
    for rule in assessment.standard.access_rules:
        columns |= _rule_columns(rule, assessment)
    columns["explanation"] = pd.Series(lines, index=index, dtype="object")
    wide = pd.concat([communities.drop(columns="geometry"), pd.DataFrame(columns)], axis=1)
    return gpd.GeoDataFrame(
        wide.reset_index(names="community_id"),
        geometry=communities.geometry.to_numpy(),
        crs=communities.crs,
    )


def _explanations(assessment: Assessment, texts: Texts) -> list[str]:
    """Return what was found in each community, a line a rule, the worst first."""
    standard = assessment.standard
    own, others = community_verdicts(assessment.verdicts), _others(assessment, texts)
    bases = {rule.id: explain_basis(rule, standard, texts) for rule in standard.access_rules}

    def told(row: Mapping[Hashable, Any]) -> str:
        return explain_verdict(row, assessment, texts, basis=bases[str(row["rule_id"])])

    return [
        "\n".join((*map(told, own.get(key, ())), *others.get(key, ())))
        for key in map(str, assessment.communities.index)
    ]


def _tier_columns(assessment: Assessment) -> Iterator[tuple[str, pd.Series]]:
    table, index = assessment.tiers, assessment.communities.index
    for tier in assessment.standard.tiers:
        own = table[table["tier"] == tier.id].set_index("community_id")
        for suffix, figure in _TIER.items():
            yield f"tier_{tier.id}{suffix}", own[figure].reindex(index)


def _rule_columns(rule: AccessRule, assessment: Assessment) -> dict[str, pd.Series]:
    table, index = assessment.verdicts, assessment.communities.index
    own = table[table["rule_id"] == rule.id].set_index("community_id").reindex(index)
    # A truth value that is missing for some communities needs a type that can be missing.
    own = own.astype({"group_assumed": "boolean"})
    return {column: own[figure] for column, figure in _rule_names(rule).items()}


def _rule_names(rule: AccessRule) -> dict[str, str]:
    """Return a rule's columns and the figures of the verdicts that they hold."""
    unit = _UNITS[rule.kind]
    figures = [*_FIGURES, *(_STRICT if rule.has_range else ())]
    figures += _OPEN if rule.open_until else ()
    limits = [*_COSTS, *(("strict_limit",) if rule.has_range else ())]
    costs = {f"{rule.id}_{name.removesuffix('_cost')}_{unit}": name for name in limits}
    return {f"{rule.id}_{name}": name for name in figures} | costs


def layer_aliases(
    name: str, layer: gpd.GeoDataFrame, assessment: Assessment, texts: Texts
) -> dict[str, str]:
    """Return what readers call the columns of a layer, all but its geometry.

    Parameters
    ----------
    name
        The layer's name.
    layer
        The layer as `result_layers` returns it.
    assessment
        The run.
    texts
        The words of the reader's language.
    """
    named = _community_aliases(assessment, texts) if name == "communities" else {}
    columns = [str(column) for column in layer.columns if column != layer.geometry.name]
    return {column: named.get(column) or _column_word(name, column, texts) for column in columns}


def _column_word(layer: str, column: str, texts: Texts) -> str:
    """Return what a column is called: in that layer, in any, or else by its own name."""
    keys = (f"layers.{layer}_{column}", f"layers.field_{column}")
    return next((texts(key) for key in keys if key in texts.words), one_line(column))


def _community_aliases(assessment: Assessment, texts: Texts) -> dict[str, str]:
    """Return what readers call the columns that hold figures of circles and rules."""
    aliases = {}
    for tier in assessment.standard.tiers:
        for suffix, figure in _TIER.items():
            name = one_line(tier.name[texts.lang])
            words = texts(f"layers.tier_{figure}", tier=name)
            aliases[f"tier_{tier.id}{suffix}"] = words
    for rule in assessment.standard.access_rules:
        unit = texts(f"layers.unit_{_UNITS[rule.kind]}")
        for column, figure in _rule_names(rule).items():
            words = texts(f"layers.figure_{figure}", unit=unit)
            name = one_line(rule.name[texts.lang])
            aliases[column] = texts("layers.rule_figure", rule=name, figure=words)
    return aliases
