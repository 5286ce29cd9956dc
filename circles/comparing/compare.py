"""Comparing two results folders, or two batches district by district."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from circles.comparing.above import (
    changed_findings,
    changed_targets,
    changed_tiers,
    targets_together,
)
from circles.comparing.causes import Clues
from circles.comparing.facilities import changed_facilities
from circles.comparing.figures import (
    added_up,
    changed_services,
    changed_verdicts,
    pairs_of_figures,
    service_sums,
)
from circles.comparing.folder import Batch, Run, is_batch, read_batch, read_run
from circles.comparing.matching import changed_communities, match_communities, outline_changed
from circles.comparing.model import COLUMNS, Comparison, Side, ordered, records, table
from circles.comparing.sources import changed_sources
from circles.errors import InputError


def compare(old: Path | str, new: Path | str) -> Comparison:
    """Compare two runs: what got better and worse, by community and service, and why.

    Differences below what is shown are none: 0.1 percentage points, a person, 0.1 minutes,
    a metre. Of batches the districts of one name are compared; sums are over all of these.

    Parameters
    ----------
    old, new
        Results folders that ``circles run`` wrote, or the folders of two batches.

    Returns
    -------
    Comparison
        Empty tables where nothing differs. Swapping the runs swaps better and worse.

    Raises
    ------
    InputError
        A folder holds no results, or the two have no community, district or rule in common.

    Examples
    --------
    >>> comparison = compare("results-2025", "results-2026")  # doctest: +SKIP
    >>> comparison.verdicts.query("direction == 'worse'")  # doctest: +SKIP
    """
    folders = Path(old), Path(new)
    batches = [is_batch(folder) for folder in folders]
    if all(batches):
        return _compare_batches(*folders)
    if any(batches):
        single = folders[batches.index(False)]
        message = (
            f"{single}: these are the results of one run, and the other folder is that of a batch; "
            "compare it with the folder of one of the batch's districts"
        )
        raise InputError(message)
    before, after = map(read_run, folders)
    comparison = compare_runs(before, after)
    if not comparison.compared:
        message = (
            f"{folders[0]} and {folders[1]}: the two runs have nothing in common "
            f"({before.summary.name}, standard {before.standard.id}; {after.summary.name}, "
            f"standard {after.standard.id}): no community of both was judged by a rule of both; "
            "compare two runs of one area"
        )
        raise InputError(message)
    return comparison


def compare_runs(old: Run, new: Run) -> Comparison:
    """Compare two results folders that were read; see `compare`."""
    comparison, _ = _compare_runs(old, new, district="")
    return comparison


def _compare_runs(old: Run, new: Run, *, district: str) -> tuple[Comparison, list[dict[str, Any]]]:
    """Compare two runs; return also the sums by rule, those that do not differ among them."""
    pairs = match_communities(old.summary.communities, new.summary.communities)
    facilities = changed_facilities(old, new)
    outlines = outline_changed(old, new, pairs)
    sources = changed_sources(old, new)
    clues = Clues(old, new, sources, tuple(facilities), outlines)
    verdicts = changed_verdicts(clues, pairs)
    findings = changed_findings(clues, pairs)
    tiers = changed_tiers(clues, pairs, verdicts)
    sums = service_sums(clues, pairs)
    rows: dict[str, Iterable[Mapping[str, Any]]] = {
        "verdicts": verdicts,
        "tiers": tiers,
        "targets": changed_targets(clues, pairs, tiers, verdicts, findings),
        "services": changed_services(sums),
        "findings": findings,
        "communities": changed_communities(old, new, pairs, outlines),
        "facilities": facilities,
        "inputs": sources.rows,
    }
    tables = {
        name: table(name, ({"district": district, **row} for row in part))
        for name, part in rows.items()
    }
    compared = sum(1 for _ in pairs_of_figures(clues, pairs))
    return Comparison.of(_side(old), _side(new), tables, compared=compared), sums


def _side(run: Run) -> Side:
    summary, version = run.summary, run.manifest.versions.get("circles", "")
    return Side(summary.name, summary.as_of, summary.fictional, run.standard, version)


# ---- batches -------------------------------------------------------------------------------------


def _compare_batches(old: Path, new: Path) -> Comparison:
    """Compare the districts of one name, one after the other."""
    batches = read_batch(old), read_batch(new)
    common = sorted(batches[0].folders.keys() & batches[1].folders.keys())
    if not common:
        message = f"{old} and {new}: no district has results in both batches"
        raise InputError(message)
    parts: list[Comparison] = []
    sums: list[dict[str, Any]] = []
    rollups = []
    for name in common:
        before, after = (read_run(batch.folders[name]) for batch in batches)
        part, own = _compare_runs(before, after, district=name)
        parts.append(part)
        sums += own
        rollups.append((before.summary.rollups, after.summary.rollups))
    if not any(part.compared for part in parts):
        message = f"{old} and {new}: the two batches have no community and rule in common"
        raise InputError(message)
    together = _together(parts, sums, targets_together(rollups))
    return replace(
        together,
        districts=tuple(common),
        only_old=_only(*batches),
        only_new=_only(*reversed(batches)),
        without=tuple(sorted({*batches[0].without} & {*batches[1].without})),
    )


def _only(one: Batch, other: Batch) -> tuple[str, ...]:
    return tuple(sorted(one.folders.keys() - other.folders.keys()))


def _together(
    parts: Sequence[Comparison],
    sums: Iterable[Mapping[str, Any]],
    targets: Sequence[Mapping[str, Any]],
) -> Comparison:
    """Put the tables of districts below one another; sums and targets are of all together."""
    rows = {name: [row for part in parts for row in records(part.tables[name])] for name in COLUMNS}
    whole = [{"district": "", **row, **_causes(row, rows["targets"])} for row in targets]
    rows["targets"] = [*whole, *rows["targets"]]
    rows["services"] = [{"district": "", **row} for row in changed_services(added_up(sums))]
    tables = {name: table(name, part) for name, part in rows.items()}
    old, new = (_all([getattr(part, end) for part in parts]) for end in ("old", "new"))
    return Comparison.of(old, new, tables, compared=sum(part.compared for part in parts))


def _causes(target: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the causes of a target in the districts where it differs."""
    own = [row for row in rows if row["target"] == target["target"]]
    causes = {cause for row in own for cause in row["causes"]}
    notes = dict.fromkeys(note for row in own for note in row["evidence"])
    return {"causes": ordered(causes or {"unknown"}), "evidence": tuple(notes)[:6]}


def _all(sides: Sequence[Side]) -> Side:
    """Return a side of all districts: with a date where all have the same."""
    dates = {side.as_of for side in sides}
    return replace(sides[0], name="", as_of=dates.pop() if len(dates) == 1 else None)
