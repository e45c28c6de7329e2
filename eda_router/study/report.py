"""The study's report: tables by group and row, and all figures as CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eda_router.files import make_folder, write_atomically
from eda_router.study.curves import COST_THRESHOLD, Curves, reach
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

PICTURES = "pictures"
"""The folder of the pictures, beside the report. The size in their names tells the groups apart."""

COSTS = ("cost", "blank_same", "blind_same")
"""Figures of :class:`Row` that are compared with one another, all on the same nets."""

STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
"""Student's t at 95 %, two-sided, by the number of seeds."""


def write_report(
    rows: Sequence[Row],
    routed: Sequence[Routed],
    curves: Sequence[Curves],
    configs: Mapping[str, TrainConfig],
    output: Path,
    command: str,
) -> None:
    """Write ``study.csv``, ``routed.csv`` and ``README.md``.

    Args:
        rows: of all trainings.
        routed: runs on a design; may be empty.
        curves: of the variants at the sizes that :func:`shown_sizes` names.
        configs: of each group's default, for the budgets.
        output: folder; a file ``conclusions.md`` there goes into the report.
        command: that was given, for the report.
    """
    make_folder(output)
    _write_csv(output / "study.csv", Row, rows)
    _write_csv(output / "routed.csv", Routed, routed)
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
            lines += _exit_section(size, own, curves)
        lines += _inner_section(own)
        lines += [
            f"![The same nets drawn by each method]({gallery_name(max(row.size for row in own))})",
            "",
        ]
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


def difference(rows: Sequence[Row], variant: str, other: str) -> tuple[float, float, bool] | None:
    """How much more of the nets a variant connects at equal ink than another.

    Args:
        rows: of one exit.
        variant: its name.
        other: name of the other.

    Returns:
        mean and standard deviation over the seeds that both have, seed by seed, and whether the
        mean differs from zero at 95 % by Student's t; None where there are fewer than two seeds.
    """
    one, two = ({r.seed: r.even for r in rows if r.variant == v} for v in (variant, other))
    apart = [one[seed] - two[seed] for seed in one if seed in two]
    if len(apart) < 2:
        return None
    mean, spread = statistics.fmean(apart), statistics.stdev(apart)
    error = spread / math.sqrt(len(apart))
    return mean, spread, abs(mean) > STUDENT.get(len(apart), 2.0) * error


def _write_csv(path: Path, kind: Any, rows: Sequence[Any]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in dataclasses.fields(kind)])
    writer.writeheader()
    writer.writerows(dataclasses.asdict(row) for row in rows)
    write_atomically(path, text.getvalue().encode())


def _method(rows: Sequence[Row], command: str) -> list[str]:
    seeds = sorted({row.seed for row in rows})
    return [
        f"Written by `{command}`; seeds {', '.join(map(str, seeds))}; processor: {_processor()}, "
        f"{os.cpu_count()} cores, of which a training uses one. All figures stand in "
        "[study.csv](study.csv) and [routed.csv](routed.csv).",
        "",
        "Variants of one group see the same samples and the same number of tiles of windows; "
        "groups are not compared. Figures are means over the seeds, ± is their standard deviation "
        "(of a sample). Half of the validation samples chooses the threshold, the other half is "
        "measured.",
        "",
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
        f"{GOAL:.0%} of what the default ends at; – where not every seed gets there. "
        "Seconds contain the building of the graphs, a few a stage.",
        "- *blank* draws every tile, *blind* ignores congestion: the controls.",
        "",
        f"Curves show validation after each epoch, thin lines are single seeds; the cost is that "
        f"at threshold {COST_THRESHOLD:g}.",
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


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


def _exit_section(size: int, rows: Sequence[Row], curves: Sequence[Curves]) -> list[str]:
    own = [row for row in rows if row.size == size]
    names = list(dict.fromkeys(row.variant for row in own))
    by_name = {curve.variant: curve for curve in curves if curve.size == size}
    default = default_of(names)
    goal = math.nan
    if default in by_name:
        goal = GOAL * statistics.fmean(c[-1]["connected"] for c in by_name[default].seeds)
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
            *(_line(name, own, by_name.get(name), goal, default) for name in chosen),
            "",
        ]
        if sum(name in by_name for name in chosen) > 1:
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
            shares = [row.even for row in own if row.variant == name]
            spread = f" ± {statistics.stdev(shares):.3f}" if len(shares) > 1 else ""
            lines.append(
                f"| {size} | {name} | {len(shares)} | {statistics.fmean(shares):.3f}{spread} "
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


def _line(
    name: str, all_rows: Sequence[Row], curves: Curves | None, goal: float, default: str | None
) -> str:
    rows = [row for row in all_rows if row.variant == name]

    def mean(field: str) -> float:
        return statistics.fmean(getattr(row, field) for row in rows)

    def spread(field: str) -> str:
        values = [getattr(row, field) for row in rows]
        return f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""

    reached = ["–", "–"]
    if curves is not None and goal > 0.0:
        for place, along in enumerate(("tiles", "seconds")):
            values = [reach(curve, goal, along) for curve in curves.seeds]
            if not any(math.isnan(value) for value in values):
                reached[place] = f"{statistics.fmean(values):.3g}"
    cells = [
        name,
        len(rows),
        f"{mean('connected'):.3f}{spread('connected')}",
        _known([row.ink for row in rows], 2),
        *(_known([getattr(row, f) for row in rows], 4) for f in COSTS),
        f"{mean('even'):.3f}{spread('even')}",
        _apart(all_rows, name, default),
        _known([row.kl for row in rows], 2),
        *reached,
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
            f"| {name} | {design} | {windows} | {thresholds} | {len(same)} "
            f"| {statistics.fmean(shares):.4f}{spread} "
            f"| {_known([run.ink for run in same], 2)} "
            f"| {_known([run.length for run in same], 2)} "
            f"| {format(PAPER[name], '.3f') if name in PAPER and windows != PYRAMID else '–'} |"
        )
    return lines
