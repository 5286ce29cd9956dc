"""From a loaded network to the coverage of ten services, for 300,000 demand points."""

import statistics

from benchmarks.cases.searches import city
from benchmarks.setting import Section, Setting, in_words

_POINTS = 300_000
_SERVICES = 10
_FACILITIES = 1_000
_GIB = 2**30


def coverage(setting: Setting) -> Section:
    """Join, search and sum up; the clock and the memory start with the network loaded."""
    with setting.circles() as ours:
        size = ours.call("open", extract=str(city(setting))).value
        ours.call(
            "points",
            count=setting.count(_POINTS),
            services=_SERVICES,
            facilities=setting.count(_FACILITIES),
            seed=5,
        )
        ours.call("coverage")
        answers = [ours.call("coverage") for _ in range(setting.repetitions)]
    seconds = [answer.seconds for answer in answers]
    peak = max(answer.peak_bytes for answer in answers)
    share = answers[0].value["mean_coverage"]
    return Section(
        title=f"{setting.count(_POINTS):,} points × {_SERVICES} services to coverage",
        columns=("", "circles"),
        rows=(
            ("nodes of the network", f"{size['nodes']:,}"),
            ("median time", in_words(statistics.median(seconds))),
            ("peak memory, the network included", f"{peak / _GIB:.2f} GiB"),
            ("mean coverage within 15 minutes", f"{share:.1%}"),
        ),
        figures={"seconds": seconds, "peak_bytes": peak, "network": size},
    )
