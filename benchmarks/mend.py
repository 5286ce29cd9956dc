"""Extracts as all engines can read them: cut where nodes are missing; with plazas as their rims."""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import osmium
from osmium.osm import NODE, RELATION, WAY, Relation, Way
from osmium.osm.mutable import Way as NewWay

Runs = dict[int, list[list[int]]]


def mended(extract: Path, folder: Path) -> Path:
    """Return an extract with every way cut where its nodes are missing.

    Extracts cut at a border hold ways without some of their nodes. circles walks the rest of such
    a way, Valhalla none of it, were it the main road out of town. What comes after the gap gets
    an id that no way has. An extract without such ways is returned as it is.

    Parameters
    ----------
    extract
        The extract; its objects sorted, as they are everywhere.
    folder
        Where the mended one is kept; one that is there already is not made anew.
    """
    out = folder / extract.name
    if out.exists():
        return out
    runs = _runs_of_cut_ways(extract)
    if not runs:
        return extract
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{extract.name}"
    _write_mended(extract, draft, runs)
    return draft.replace(out)


def rimmed(extract: Path, folder: Path) -> Path:
    """Return an extract in which plazas are no areas: their rims are ways like others.

    Parameters
    ----------
    extract
        The extract.
    folder
        Where the other one is kept; one that is there already is not made anew.
    """
    out = folder / extract.name
    if out.exists():
        return out
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"draft-{extract.name}"
    with osmium.SimpleWriter(draft) as writer:
        for thing in osmium.FileProcessor(extract):
            if isinstance(thing, Relation) and "highway" in thing.tags:
                continue
            if isinstance(thing, Way) and thing.tags.get("area") == "yes":
                tags = {key: word for key, word in thing.tags if key != "area"}
                writer.add_way(thing.replace(tags=tags))
            else:
                writer.add(thing)
    return draft.replace(out)


def _runs_of_cut_ways(extract: Path) -> Runs:
    """Return, of each way with missing nodes, the runs of two and more that are there."""
    nodes = {node.id for node in osmium.FileProcessor(extract, NODE)}
    runs = {}
    for way in _ways(extract):
        refs = [node.ref for node in way.nodes]
        if not nodes.issuperset(refs):
            runs[way.id] = list(_runs(refs, nodes))
    return runs


def _runs(refs: Iterable[int], nodes: set[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for ref in [*refs, None]:
        if ref is not None and ref in nodes:
            run.append(ref)
            continue
        if len(run) > 1:
            yield run
        run = []


def _write_mended(extract: Path, out: Path, runs: Runs) -> None:
    used = {way.id for way in _ways(extract)}
    tags = {way.id: dict(way.tags) for way in _ways(extract) if way.id in runs}
    free = (number for number in count(1) if number not in used)
    with osmium.SimpleWriter(out) as writer:
        for node in osmium.FileProcessor(extract, NODE):
            writer.add(node)
        # Ways stand in the order of their ids, and the free ids that are taken are the lowest.
        for way_id, parts in runs.items():
            for part in parts[1:]:
                writer.add_way(NewWay(id=next(free), nodes=part, tags=tags[way_id], visible=True))
        for way in _ways(extract):
            if way.id not in runs:
                writer.add(way)
            elif runs[way.id]:
                writer.add_way(way.replace(nodes=runs[way.id][0]))
        for relation in osmium.FileProcessor(extract, RELATION):
            writer.add(relation)


def _ways(extract: Path) -> Iterator[Way]:
    for way in osmium.FileProcessor(extract, WAY):
        assert isinstance(way, Way)  # noqa: S101 - nothing else was asked for
        yield way
