"""Walking profiles put into words."""

from collections.abc import Iterator

from circles.profiles import bundled_profiles
from circles.texts import Texts
from circles.walking import Profile, Wait


def describe_walker(walker: Profile, texts: Texts, *, sloped: bool) -> str:
    """Say in one line how fast a profile walks, where it waits and what slopes cost it.

    Parameters
    ----------
    walker
        The profile.
    texts
        The words of the reader's language.
    sloped
        Whether slopes count; nothing is said of them otherwise.
    """
    return texts("walkers.separator").join(_clauses(walker, texts, sloped=sloped))


def _clauses(walker: Profile, texts: Texts, *, sloped: bool) -> Iterator[str]:
    yield texts(
        "walkers.speed",
        speed_m_s=f"{walker.speed_m_s:g}",
        speed_km_h=f"{walker.speed_m_s * 3.6:.1f}",
    )
    if walker.steps_speed_m_s > 0:
        yield texts("walkers.steps", speed_m_s=f"{walker.steps_speed_m_s:g}")
    else:
        yield texts("walkers.no_steps")
    if walker.ferry_speed_m_s not in {
        other.ferry_speed_m_s for other in bundled_profiles().values()
    }:
        yield texts("walkers.ferry", speed_m_s=f"{walker.ferry_speed_m_s:g}")
    for wait, seconds in zip(Wait, walker.waits_s, strict=True):
        if seconds > 0:
            yield texts(f"walkers.wait_{wait.name.lower()}", seconds=f"{seconds:g}")
    if sloped:
        yield _slope(walker, texts)


def _slope(walker: Profile, texts: Texts) -> str:
    if walker.slope is None:
        return texts("walkers.slope_tobler")
    pairs = (
        texts(
            "walkers.slope_pair",
            percent=f"{slope * 100:+.3g}" if slope else "0",
            factor=f"{factor:g}",
        )
        for slope, factor in walker.slope
    )
    return texts("walkers.slope_table", pairs=texts("walkers.comma").join(pairs))
