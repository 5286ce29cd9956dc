"""Who walks in a run: the standard's profiles or the project's, and what readers must be told."""

from collections.abc import Iterator, Mapping

from circles.explain import percent, profile_word
from circles.inputs.streets import Streets
from circles.profiles import bundled_profiles
from circles.project import Project
from circles.standards.model import AccessRule, CapacityRule, Rule, Standard
from circles.terrain import height_share
from circles.texts import LANGS, Bilingual, Note, load_texts
from circles.walkers import describe_walker
from circles.walking import Kind, Profile


def apply_profile(standard: Standard, project: Project) -> tuple[Standard, list[Note]]:
    """Let everybody walk by the project's profile, if it names one.

    Returns
    -------
    tuple
        The standard, its rules with that profile; and a note on which profiles it stands in for.
    """
    name = project.file.profile
    others = sorted({rule.profile for rule in standard.access_rules} - {name})
    if name is None or not others:
        return standard, []
    rules = tuple(_walked_by(rule, name) for rule in standard.rules)
    note = Note.of(
        "assumptions.profile_for_all", profile=_word(name), instead=tuple(map(_word, others))
    )
    return standard.model_copy(update={"rules": rules}), [note]


def _walked_by(rule: Rule, name: str) -> Rule:
    if isinstance(rule, AccessRule):
        return rule.model_copy(update={"profile": name})
    if isinstance(rule, CapacityRule) and rule.catchment and rule.catchment.profile:
        catchment = rule.catchment.model_copy(update={"profile": name})
        return rule.model_copy(update={"catchment": catchment})
    return rule


def profiles_in_use(standard: Standard) -> set[str]:
    """Return the names of the profiles that a standard's rules are walked by."""
    catchments = (rule.catchment for rule in standard.of_kind(CapacityRule))
    shared = {catchment.profile for catchment in catchments if catchment and catchment.profile}
    return {rule.profile for rule in standard.access_rules} | shared


def profile_notes(standard: Standard, project: Project, streets: Streets | None) -> list[Note]:
    """Say what is assumed of stairs, slopes, waiting and ferries, and which profiles are own ones.

    Parameters
    ----------
    standard
        As it is applied (see `apply_profile`).
    project, streets
        What the run is made of; without streets nobody walks.
    """
    if streets is None:
        return []
    walkers = project.file.walkers()
    used = {name: walkers[name] for name in sorted(profiles_in_use(standard))}
    return [
        *_steps_notes(used),
        *_slope_notes(used, streets),
        *_wait_notes(used),
        *_ferry_notes(used, streets),
        *_own_notes(used, sloped=streets.heights is not None),
        *_unused_notes(project, used),
    ]


def _steps_notes(used: Mapping[str, Profile]) -> Iterator[Note]:
    if any(bundled_profiles().get(name) == walker for name, walker in used.items()):
        yield Note.of("assumptions.steps")


def _slope_notes(used: Mapping[str, Profile], streets: Streets) -> Iterator[Note]:
    if streets.heights is None:
        yield Note.of("assumptions.level")
        return
    tobler = all(walker.slope is None for walker in used.values())
    yield Note.of(
        "assumptions.slope_tobler" if tobler else "assumptions.slope_profiles",
        origin=streets.heights,
        share=percent(height_share(streets.network)),
    )


def _wait_notes(used: Mapping[str, Profile]) -> Iterator[Note]:
    waiting = tuple(_word(name) for name, walker in used.items() if any(walker.waits_s))
    if waiting:
        yield Note.of("assumptions.waits", profiles=waiting)
    else:
        yield Note.of("assumptions.no_waits")


def _ferry_notes(used: Mapping[str, Profile], streets: Streets) -> Iterator[Note]:
    if (streets.network.edges.kind == Kind.FERRY).any():
        speeds = sorted({walker.ferry_speed_m_s for walker in used.values()})
        yield Note.of("assumptions.ferries", speed_m_s=tuple(f"{speed:g}" for speed in speeds))


def _own_notes(used: Mapping[str, Profile], *, sloped: bool) -> Iterator[Note]:
    for name, walker in used.items():
        bundled = bundled_profiles().get(name)
        if walker == bundled:
            continue
        how = _how(walker, sloped=sloped)
        if bundled is None:
            yield Note.of("assumptions.own_profile", profile=_word(name), how=how)
        else:
            before = _how(bundled, sloped=sloped)
            yield Note.of(
                "assumptions.own_profile_instead", profile=_word(name), how=how, instead=before
            )


def _unused_notes(project: Project, used: Mapping[str, Profile]) -> Iterator[Note]:
    unused = tuple(name for name in project.file.profiles if name not in used)
    if unused:
        yield Note.of("warnings.profile_unused", profiles=unused)


def _word(name: str) -> Bilingual:
    return Bilingual(**{lang: profile_word(name, load_texts(lang)) for lang in LANGS})


def _how(walker: Profile, *, sloped: bool) -> Bilingual:
    words = {lang: describe_walker(walker, load_texts(lang), sloped=sloped) for lang in LANGS}
    return Bilingual(**words)
