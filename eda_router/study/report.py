"""The study's report: tables by group and row."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from eda_router.files import make_folder, write_atomically
from eda_router.study.curves import COST_THRESHOLD
from eda_router.study.measure import Row, ink_limit
from eda_router.study.routing import PYRAMID, Routed
from eda_router.study.variants import DEFAULT, GROUPS, ROWS, VARIANTS
from eda_router.training.config import TrainConfig

PAPER = {"simple VAE, RMSprop": 0.0, "GAN": 0.027, "progressive VAE": 0.96}
"""Share of ibm02's nets routed on 64x64, as the paper gives it, by the variant that rebuilds it."""

GOAL = 0.8
"""The quality whose price is asked for: this part of what the group's default ends at."""

CONCLUSIONS = "conclusions.md"
"""What a person has to say about the figures; it stands at the head of the report."""

REPORT = "README.md"

STUDY = "study.csv"
"""The table of :class:`Row`, beside the report."""

ROUTED = "routed.csv"
"""The table of :class:`Routed`, beside the report."""

STALE = "†"
"""Marks a variant whose figures have a remark."""

PICTURES = "pictures"
"""The folder of the pictures, beside the report. The size in their names tells the groups apart."""

COSTS = ("cost", "blank_same", "blind_same")
"""Figures of :class:`Row` that are compared with one another, all on the same nets."""

STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
"""Student's t at 95 %, two-sided, by the number of seeds."""


def write_report(
    rows: Sequence[Row],
    routed: Sequence[Routed],
    configs: Mapping[str, TrainConfig],
    output: Path,
    command: str,
) -> None:
    """Write ``README.md``; pictures that it is to show are there already.

    Args:
        rows: of all trainings, in the order of the variants.
        routed: runs on a design; may be empty.
        configs: of each group's default, for the budgets.
        output: folder; a file ``conclusions.md`` there goes into the report.
        command: that was given, for the report.
    """
    make_folder(output)
    lines = ["# The study", ""]
    conclusions = output / CONCLUSIONS
    if conclusions.exists():
        lines += [conclusions.read_text(encoding="utf-8").strip(), ""]
    lines += ["## How it was measured", "", *_method(rows, command), ""]
    if routed:
        lines += ["## The paper's methods on a real design", "", *_routed_table(routed), ""]
    for name, group in GROUPS.items():
        own = [row for row in rows if row.group == name]
        if not own:
            continue
        lines += [f"## {group.title}", "", *_budget(configs[name]), ""]
        for size in shown_sizes(own):
            lines += _exit_section(size, own, output)
        lines += _inner_section(own)
        gallery = gallery_name(max(row.size for row in own))
        if (output / gallery).exists():
            lines += [f"![The same nets drawn by each method]({gallery})", ""]
    lines += _missing_section(rows)
    write_atomically(output / REPORT, "\n".join(lines).encode())


def shown_sizes(rows: Sequence[Row]) -> list[int]:
    """The sizes at which some variant of a group ends, the largest first."""
    last: dict[str, int] = {}
    for row in rows:
        last[row.variant] = max(row.size, last.get(row.variant, 0))
    return sorted(set(last.values()), reverse=True)


def default_of(names: Sequence[str]) -> str | None:
    """The variant that others are compared with."""
    return next((name for name in names if VARIANTS[name].row == DEFAULT), None)


def comparisons(names: Sequence[str]) -> dict[str, list[str]]:
    """The variants of each row of the study, with what they are compared with at the head."""
    default = default_of(names)
    rows: dict[str, list[str]] = {}
    for name in names:
        if name != default:
            rows.setdefault(VARIANTS[name].row, []).append(name)
    heads = {
        title: [n for n in dict.fromkeys([default, *(VARIANTS[n].against for n in own)]) if n]
        for title, own in rows.items()
    }
    return {
        title: list(dict.fromkeys([n for n in heads[title] if n in names] + own))
        for title, own in rows.items()
    }


def curves_name(size: int, title: str) -> str:
    """The file of a row's curves."""
    return f"{PICTURES}/{size}-{ROWS[title]}.png"


def overview_name(size: int) -> str:
    """The file of the overview of the group that ends at ``size``."""
    return f"{PICTURES}/{size}-all.png"


def gallery_name(size: int) -> str:
    """The file of that group's gallery."""
    return f"{PICTURES}/{size}-nets.png"


def by_seed(rows: Sequence[Row], field: str) -> list[float]:
    """A figure of each seed: trainings of one seed on several processors count once, as the mean.

    Args:
        rows: of one variant and exit.
        field: of :class:`Row`.

    Returns:
        the figures, NaN for a seed of which none is known.
    """
    values: dict[int, list[float]] = {}
    for row in rows:
        values.setdefault(row.seed, []).append(getattr(row, field))
    known = ([value for value in same if not math.isnan(value)] for same in values.values())
    return [statistics.fmean(same) if same else math.nan for same in known]


def difference(rows: Sequence[Row], variant: str, other: str) -> tuple[float, float, bool] | None:
    """How much more of the nets a variant connects at equal ink than another.

    Args:
        rows: of one exit.
        variant: its name.
        other: name of the other.

    Returns:
        mean and standard deviation over the seeds that both have on one processor, seed by seed,
        and whether the mean differs from zero at 95 % by Student's t; None where there are fewer
        than two seeds.
    """
    one, two = (
        {(r.seed, r.processor): r.even for r in rows if r.variant == v} for v in (variant, other)
    )
    pairs: dict[int, list[float]] = {}
    for key in one:
        if key in two:
            pairs.setdefault(key[0], []).append(one[key] - two[key])
    apart = [statistics.fmean(values) for values in pairs.values()]
    if len(apart) < 2:
        return None
    mean, spread = statistics.fmean(apart), statistics.stdev(apart)
    error = spread / math.sqrt(len(apart))
    return mean, spread, abs(mean) > STUDENT.get(len(apart), 2.0) * error


def _method(rows: Sequence[Row], command: str) -> list[str]:
    seeds = sorted({row.seed for row in rows})
    processors = sorted({row.processor for row in rows})
    remarks = sorted({row.remark for row in rows if row.remark})
    return [
        f"Measured by `{command}`, some variants at a time; seeds {', '.join(map(str, seeds))}; "
        f"processors: {'; '.join(processors)}, of which a training uses one core. All figures "
        f"stand in [{STUDY}]({STUDY}) and [{ROUTED}]({ROUTED}).",
        "",
        "Variants of one group see the same samples and the same number of tiles of windows; "
        "groups are not compared. Figures are means over the seeds, ± is their standard deviation "
        "(of a sample). Half of the validation samples chooses the threshold, the other half is "
        "measured. Trainings of one seed on two processors come out a little otherwise; they count "
        "once, as their mean, and differences are taken on one processor.",
        "",
        *(f"{STALE}: {remark}" for remark in remarks),
        *[""] * bool(remarks),
        "- *connected*: share of nets whose pins the first drawing joins, at the threshold that "
        "connects most at the ink allowed (else the one with the least ink); *ink*: tiles drawn "
        "over tiles of the tree; *cost*: of the trees over the teacher's, then that of the blank "
        "and the blind control on the same nets: those that the variant connects, the easier ones.",
        "- *at equal ink*: share connected at exactly the ink allowed, thresholds interpolated, "
        "the figure to compare by; 0 where no threshold brings the ink that low.",
        "- *difference*: from the default, or from the variant named, at equal ink, seed by seed; "
        "bold where it is other than zero at 95 % by Student's t (one in twenty is so by chance).",
        "- *KL*: of the latent's posterior from its prior, nats.",
        f"- *to goal*: million tiles and processor seconds until the connected share reaches "
        f"{GOAL:.0%} of what the default of the same run ends at; – where not every seed gets "
        "there, or the default was not in the run. "
        "Seconds contain the building of the graphs, a few a stage; of rows made on different "
        "processors they do not compare.",
        "- *blank* draws every tile, *blind* ignores congestion: the controls.",
        "",
        f"Curves show validation after each epoch, thin lines are single seeds; the cost is that "
        f"at threshold {COST_THRESHOLD:g}. Curves and drawn nets are of when all trainings that "
        "they show were last at hand: a variant measured later stands in the tables alone.",
    ]


def _budget(config: TrainConfig) -> list[str]:
    parts, tiles = [], 0
    for index, size in enumerate(config.sizes):
        free, count = int(config.stage("pretrain", index)), int(config.stage("samples", index))
        parts.append(f"{count} windows of {size}x{size}" + (f" after {free} of pins" * (free > 0)))
        tiles += (free + count) * size**2
    return [
        f"Budget of a training: {', '.join(parts)}: {tiles / 1e6:.2f} million tiles; variants that "
        "do not grow see as many tiles at the last size alone."
    ]


def _exit_section(size: int, rows: Sequence[Row], output: Path) -> list[str]:
    own = [row for row in rows if row.size == size]
    names = list(dict.fromkeys(row.variant for row in own))
    default = default_of(names)
    one = own[0]
    lines = [
        f"### Exit {size}",
        "",
        f"Ink allowed {ink_limit(size):g}. On all nets, blank control: ink {one.blank_ink:.2f}, "
        f"cost {one.blank_cost:.4f}; blind control: cost {one.blind_cost:.4f}.",
        "",
        f"![All variants at exit {size}]({overview_name(size)})",
        "",
    ]
    for title, chosen in (comparisons(names) or {DEFAULT: names}).items():
        lines += [
            f"#### {title}" + f", exit {size}" * (size > 8),
            "",
            "| variant | seeds | connected | ink | cost | blank | blind | at equal ink "
            "| difference | KL | Mtiles to goal | s to goal | s in all | thousand parameters "
            "| ms a net |",
            "|---" * 15 + "|",
            *(_line(name, own, default) for name in chosen),
            "",
        ]
        if (output / curves_name(size, title)).exists():
            lines += [f"![How they learn]({curves_name(size, title)})", ""]
    return lines


def _inner_section(rows: Sequence[Row]) -> list[str]:
    """What later stages left of the exits inside: locked ones stay, others are trained away."""
    last = max(row.size for row in rows)
    lines: list[str] = []
    for size in sorted({row.size for row in rows} - {last}):
        own = [row for row in rows if row.size == size]
        names = list(dict.fromkeys(row.variant for row in own))
        default = default_of(names)
        for name in names:
            same = [row for row in own if row.variant == name]
            shares = by_seed(same, "even")
            spread = f" ± {statistics.stdev(shares):.3f}" if len(shares) > 1 else ""
            mean = statistics.fmean(shares)
            lines.append(
                f"| {size} | {_marked(name, same)} | {len(shares)} | {mean:.3f}{spread} "
                f"| {_apart(own, name, default)} |"
            )
    if not lines:
        return []
    return [
        "### Inner exits",
        "",
        "What the inner exits draw once all stages are done, at equal ink.",
        "",
        "| exit | variant | seeds | at equal ink | difference |",
        "|---" * 5 + "|",
        *lines,
        "",
    ]


def _apart(rows: Sequence[Row], name: str, default: str | None) -> str:
    """The difference of a variant from what it is compared with, for a table."""
    other = VARIANTS[name].against or default
    found = difference(rows, name, other) if other not in (None, name) else None
    if found is None:
        return "–"
    mean = f"**{found[0]:+.3f}**" if found[2] else f"{found[0]:+.3f}"
    return mean + f" ± {found[1]:.3f}" + f" from {other}" * (other != default)


def _missing_section(rows: Sequence[Row]) -> list[str]:
    """The variants without a row, and those whose rows are no longer theirs."""
    measured = {row.variant for row in rows if not row.remark}
    lines = []
    for key, group in GROUPS.items():
        names = [n for n, v in VARIANTS.items() if v.group == key and n not in measured]
        if names:
            lines.append(f"- {group.title}: {'; '.join(names)}.")
    if not lines:
        return []
    return [
        "## Not measured",
        "",
        f"Variants without figures, or with none but those marked {STALE}:",
        "",
        *lines,
        "",
    ]


def _marked(name: str, rows: Sequence[Row] | Sequence[Routed]) -> str:
    """The name of a variant, marked where its figures have a remark."""
    return f"{name} {STALE}" if any(row.remark for row in rows) else name


def _line(name: str, all_rows: Sequence[Row], default: str | None) -> str:
    rows = [row for row in all_rows if row.variant == name]

    def mean(field: str) -> float:
        return statistics.fmean(by_seed(rows, field))

    def spread(field: str) -> str:
        values = by_seed(rows, field)
        return f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""

    def reached(field: str) -> str:
        missing = any(math.isnan(getattr(row, field)) for row in rows)
        return "–" if missing else f"{mean(field):.3g}"

    cells = [
        _marked(name, rows),
        len({row.seed for row in rows}),
        f"{mean('connected'):.3f}{spread('connected')}",
        _known(by_seed(rows, "ink"), 2),
        *(_known(by_seed(rows, f), 4) for f in COSTS),
        f"{mean('even'):.3f}{spread('even')}",
        _apart(all_rows, name, default),
        _known(by_seed(rows, "kl"), 2),
        reached("goal_tiles"),
        reached("goal_seconds"),
        f"{mean('seconds'):.1f}",
        f"{rows[0].parameters / 1000:.1f}",
        f"{mean('milliseconds'):.3f}",
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def _known(values: Sequence[float], digits: int) -> str:
    """Mean of the values that are numbers."""
    known = [value for value in values if not math.isnan(value)]
    return f"{statistics.fmean(known):.{digits}f}" if known else "–"


def _routed_table(routed: Sequence[Routed]) -> list[str]:
    lines = [
        "Nets drawn right at the first try under the ledger, one after the other, no samples, "
        "nothing mended, as a share of those that the deterministic router routes in one pass. "
        "Windows: one size for all nets as in the paper, or for each net the smallest that holds "
        "it. Thresholds are those chosen on validation samples, here of the largest window. The "
        "paper's figures are for ibm02 at 64x64.",
        "",
        "| method | design | windows | threshold | seeds | routed | ink | edges a net "
        "| the paper |",
        "|---" * 9 + "|",
    ]
    groups: dict[tuple[str, str, str], list[Routed]] = {}
    for run in routed:
        groups.setdefault((run.variant, run.design, run.windows), []).append(run)
    for (name, design, windows), same in groups.items():
        shares = [run.share for run in same]
        spread = f" ± {statistics.stdev(shares):.4f}" if len(shares) > 1 else ""
        thresholds = ", ".join(f"{t:g}" for t in sorted({run.threshold for run in same}))
        lines.append(
            f"| {_marked(name, same)} | {design} | {windows} | {thresholds} | {len(same)} "
            f"| {statistics.fmean(shares):.4f}{spread} "
            f"| {_known([run.ink for run in same], 2)} "
            f"| {_known([run.length for run in same], 2)} "
            f"| {format(PAPER[name], '.3f') if name in PAPER and windows != PYRAMID else '–'} |"
        )
    return lines
