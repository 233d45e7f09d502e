"""A search for better values: its trials, what it chose, and what fresh seeds made of the gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from seedwise.reporting._disagreement import EFFECT, compared
from seedwise.reporting._findings import Section, files_of
from seedwise.reporting._mean_spread import caption, mean_spread_figure
from seedwise.reporting._results import results_of
from seedwise.reporting._svg import inline, label_rows, legend_above, new_figure
from seedwise.reporting._table import Table
from seedwise.reporting._words import decimals_for, interval, is_share, number
from seedwise.statistics import Interval, churn_verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_OBJECTIVES: Final = {
    "churn": "churn",
    "sd": "SD",
    "mean": "mean",
    "mean-sd": "mean less {c:g} SD",
    "paper": "normalised SD less normalised mean",
    "front": "mean and {spread}",
}
_COMPARISON: Final = (
    "Gain: how much better the choice is than the base; SD and churn in percent of the base's, the mean in its own "
    "unit. The search's gain is that of the best of many trials, on the seeds and examples that it was chosen by. "
    "Optimism is that gain less the one on fresh seeds and test data, by which nothing was chosen; the column between "
    "tells what of it goes with the seeds alone. Only the gains on test data are results."
)
_TRIALS: Final = (
    "Every setting that was tried, with the same seeds, on validation data. Failed runs count at chance level, and "
    "disagree with every other run. Intervals: 95 %, of finished runs, for one trial that nobody picked."
)
_IMPORTANCES: Final = (
    "Share of the variance of the objective over the space that goes with a parameter (fANOVA, a forest fitted to the "
    "trials). Part of it is the noise of few replicates."
)
_CAPTIONS: Final = {
    "history": "The objective, trial by trial (lower is better), the best so far as a line, the base on the same seeds "
    "dashed. Hollow: misses the floor; a cross: every run failed; at the upper edge: above it. Look at whether the "
    "best is far below the scatter, or one of many draws.",
    "plane": "Spread against mean of the trials on validation data, with 95 % intervals; orange: the front, trials "
    "that no other beats in both; black: the base; dotted: the floor. Trials whose intervals overlap cannot be ranked.",
    "importances": "Which parameter the objective goes with (fANOVA).",
    "gains": "The gain over the base: in the search, with fresh seeds on the same validation data, and with fresh "
    "seeds on the test set with its 95 % interval. The way from the first to the last is the search's optimism.",
}
_QUANTITIES: Final = ("mean", "sd", "churn")


@dataclass(frozen=True)
class TuningResults:
    """What a search found, in texts.

    Attributes:
        title: what was searched and how.
        sentences: the choice, the verdicts on fresh seeds, the optimism.
        comparison: the choice beside the base, in the search and on fresh seeds.
        sections: all tables with their notes.

    """

    title: str
    sentences: list[str]
    comparison: Table
    sections: list[Section]


def parameters(params: Mapping[str, Any]) -> str:
    """Write the values of a trial.

    Example:
        >>> parameters({"loss.lambda_s": 0.123456, "shift": -0.5, "batch_size": 32})
        'lambda_s .123, shift -.5, batch_size 32'

    """
    shown = []
    for path, value in params.items():
        text = f"{value:.3g}" if isinstance(value, float) else str(value)
        text = text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
        shown.append(f"{path.rpartition('.')[2]} {text}")
    return ", ".join(shown)


def tuning_results(section: Mapping[str, Any]) -> TuningResults:
    """Lay out what a search found.

    Args:
        section: one of those that ``seedwise.tuning.tuning_sections`` gives.

    """
    comparison = _comparison_table(section)
    sections = [
        Section("tuning", "What the search saw, and what fresh seeds say", comparison, _COMPARISON),
        Section("importances", "Importance of the parameters", _importance_table(section), _IMPORTANCES),
        Section("trials", "Trials", _trials_table(section), _TRIALS),
    ]
    return TuningResults(_title(section), _sentences(section), comparison, [one for one in sections if one.table.rows])


def tuning_part(section: Mapping[str, Any], position: int) -> dict[str, Any]:
    """Return what the page shows of a search."""
    figures: list[tuple[str, str]] = []

    def add(name: str, draw: Any) -> None:
        figures.append((inline(draw, f"tuning{position}figure{len(figures)}"), _CAPTIONS[name]))

    if section["gains"].get("test"):
        add("gains", partial(gains_figure, section))
    if any(row["value"] is not None for row in section["trials"]):
        add("history", partial(history_figure, section))
        add("plane", partial(plane_figure, section))
        figures[-1] = (figures[-1][0], figures[-1][1] + _outside(section))
    if not any(row["params"] for row in section["trials"]):
        # A sweep: what each parameter does is seen with its values side by side.
        rows = results_of(section["description"], section["cells"]).comparisons
        if any(isinstance(row.spread, Interval) for row in rows):
            draw = partial(mean_spread_figure, section["cells"], rows)
            figures.append((inline(draw, f"tuning{position}figure{len(figures)}"), caption(section["cells"], rows)))
    if isinstance(section["importances"], dict) and section["importances"]:
        add("importances", partial(importances_figure, section["importances"]))
    return {**section, "results": tuning_results(section), "figures": figures}


def tuning_files(sections: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the tables of searches as files, by name."""
    files: dict[str, str] = {}
    for section in sections:
        for one in tuning_results(section).sections:
            files |= files_of(one.table, f"{section['name']}-{one.key}")
    return files


def tuning_numbers(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return a search as JSON values: its trials, the choice and the gains; values of the metric as they are stored."""
    trials = [
        {
            "name": row["name"],
            "params": row["params"],
            "state": row["state"],
            "runs": row["runs"],
            "failed": row["failed"],
            "mean": row["measured"] and row["measured"].mean,
            "sd": row["measured"] and row["measured"].sd,
            "churn": row["measured"] and row["measured"].churn,
            "objective": row["value"],
            "front": row["front"],
            "chosen": row["chosen"],
        }
        for row in section["trials"]
    ]
    gains = {which: {name: getattr(gain, name) for name in _QUANTITIES} for which, gain in section["gains"].items()}
    optimism = {
        name: gains["search"][name] - gains["test"][name]
        for name in _QUANTITIES
        if "test" in gains and None not in (gains["search"][name], gains["test"][name])
    }
    kept = ("name", "metric", "base", "floor", "chosen", "chosen_base", "importances")
    return {
        **{key: section[key] for key in kept},
        "tuned_base": section["options"]["tune_base"],
        "trials": trials,
        "gains": gains,
        "optimism": optimism,
        "verdicts": [sentence for _, sentence in _verdicts(section)],
    }


def _scale(section: Mapping[str, Any]) -> float:
    return 100.0 if is_share(section["metric"]) else 1.0


def _title(section: Mapping[str, Any]) -> str:
    options, rows = section["options"], section["trials"]
    objective = options["objective"]
    tried = sum(row["arm"] == "tuned" for row in rows)
    what = _OBJECTIVES[objective["name"]].format(**objective)
    floor = section["floor"]
    bound = "floor" if section["higher_is_better"] else "ceiling"
    limit = "" if floor is None else f" with a {bound} of {_value(section, floor)} on the mean"
    runs = options["replicates"]
    return f"{section['of']}: {tried} trials of {runs} runs, for {what}{limit}, on {section['metric']}"


def _value(section: Mapping[str, Any], value: float) -> str:
    scale = _scale(section)
    return f"{number(scale * value, 2)} %" if scale > 1 else number(value, decimals_for(abs(value)) + 1)


def _sentences(section: Mapping[str, Any]) -> list[str]:
    options = section["options"]
    rows = {row["name"]: row for row in section["trials"]}
    chosen = section["chosen"]
    sentences = []
    counts = [(sum(row["state"] == state for row in rows.values()), state) for state in ("pruned", "failed", "running")]
    shown = ", ".join(f"{count} {state}" for count, state in counts if count)
    if shown:
        sentences.append(f"of {len(rows) - 1} trials {shown}")
    if chosen is None:
        if not any(row["state"] == "running" for row in rows.values()):
            reached = [row["measured"].mean for row in rows.values() if row["measured"] and row["arm"] == "tuned"]
            good, bound = (max, "floor") if section["higher_is_better"] else (min, "ceiling")
            best = "" if not reached else f"; the best mean is {_value(section, good(reached))}"
            sentences.append(f"nothing is chosen: no trial reached the {bound} of the mean{best}")
        return sentences
    params = parameters(rows[chosen]["params"])
    sentences.append(f"chosen: {chosen}" + (f": {params}" if params else ""))
    if options["tune_base"]:
        own = rows[section["chosen_base"]]
        tuned = sum(row["arm"] == "base" for row in rows.values()) - 1
        setting = f"{own['name']}: {parameters(own['params'])}" if own["params"] else "as it stands"
        sentences.append(f"the base was tuned too, with {tuned} trial{'s' * (tuned != 1)} of its own: {setting}")
    else:
        sentences.append(
            "the base was not tuned: part of a gain may be the search's, not the method's (tune_base: true)"
        )
    if section["earlier"]:
        sentences.append(
            f"the test data have been looked at before, for {', '.join(section['earlier'])}: the search went on after "
            "that, and the fresh seeds are the same"
        )
    if section["fresh"] is None:
        sentences.append("fresh runs are still to be trained")
        return sentences
    fresh = max(cell.n for cell in section["fresh"].cells)
    sentences += [f"{name} on {fresh} fresh seeds and test data: {sentence}" for name, sentence in _verdicts(section)]
    plan = results_of(section["fresh"].description, section["fresh"].cells).plan
    sentences += [f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}" for sentence in plan]
    sentences += _optimism(section)
    return sentences


def _verdicts(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the verdicts of the fresh runs, that on the objective first."""
    fresh = section["fresh"]
    if fresh is None:
        return []
    row, ratio = _row(section), _churn_ratio(section)
    found = {
        "spread": row.verdict.sentence if row.verdict else row.verdict_reason,
        "mean": row.mean_verdict.sentence if row.mean_verdict else row.mean_verdict_reason,
    }
    if isinstance(ratio, Interval):
        found["churn"] = churn_verdict(
            ratio, p_adjusted=1.0 if ratio.p_value is None else ratio.p_value, effect=EFFECT
        ).sentence
    objective = section["options"]["objective"]
    first = "churn" if _churned(section) else "mean" if objective["name"] in ("mean", "mean-sd") else "spread"
    return sorted(found.items(), key=lambda item: item[0] != first)


def _row(section: Mapping[str, Any]) -> Any:
    """Return the comparison of the fresh runs of the choice with those of the base."""
    fresh = section["fresh"]
    results = results_of(fresh.description, fresh.cells)
    return next(row for row in results.comparisons if row.method != results.base and row.readout == "plain")


def _churn_ratio(section: Mapping[str, Any]) -> Interval | None:
    fresh = section["fresh"]
    plain = [k for k, cell in enumerate(fresh.cells) if cell.readout == "plain"]
    base, tuned = (fresh.cells[k] for k in plain[:2])
    truth = fresh.parts[plain[1]].labels
    if truth is None or base.predictions is None or tuned.predictions is None:
        return None
    try:
        return compared(tuned, base, truth)[0][0]
    except ValueError:
        return None


def _optimism(section: Mapping[str, Any]) -> list[str]:
    gains = section["gains"]
    if "test" not in gains:
        return []
    parts = []
    for name in _wanted(section):
        searched, fresh = getattr(gains["search"], name), getattr(gains["test"], name)
        if searched is None or fresh is None:
            continue
        parts.append(
            f"{_NAMES[name]}: {_gain(section, name, searched)} in the search, {_gain(section, name, fresh)} on fresh "
            f"seeds: optimism {_optimism_text(section, name, searched - fresh)}"
        )
    return [f"gain in {part}" for part in parts]


_NAMES: Final = {"mean": "mean", "sd": "SD", "churn": "churn"}


def _wanted(section: Mapping[str, Any]) -> list[str]:
    """Return the quantities that the objective is about, spread first."""
    objective = section["options"]["objective"]
    return {
        "churn": ["churn", "mean"],
        "mean": ["mean"],
        "front": [objective["spread"], "mean"],
    }.get(objective["name"], ["sd", "mean"])


def _gain(section: Mapping[str, Any], name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name != "mean":
        return f"{value:z.0f} %"
    scale = _scale(section)
    return number(scale * value, 2 if scale > 1 else decimals_for(abs(value))) + (" points" if scale > 1 else "")


def _optimism_text(section: Mapping[str, Any], name: str, value: float | None) -> str:
    if name == "mean" or value is None:
        return _gain(section, name, value)
    # A difference of percentages is in points.
    return f"{value:z.0f} point" + ("" if abs(round(value)) == 1 else "s")


def _comparison_table(section: Mapping[str, Any]) -> Table:
    gains = section["gains"]
    if "search" not in gains:
        return Table([], [])
    n = len(gains["search"].base.values)
    columns = ["quantity", f"base (search, n = {n})", "choice", "gain"]
    if "test" in gains:
        fresh = len(gains["test"].base.values)
        columns += [f"fresh seeds (n = {fresh}), validation: gain", "fresh seeds, test: gain [95 %]", "optimism"]
    rows = []
    for name in _QUANTITIES:
        base, tuned = (getattr(arm, name) for arm in (gains["search"].base, gains["search"].tuned))
        if base is None or tuned is None:
            continue
        searched = getattr(gains["search"], name)
        row = [_NAMES[name], _level(section, name, base), _level(section, name, tuned), _gain(section, name, searched)]
        if "test" in gains:
            fresh_gain = getattr(gains["test"], name)
            validation = getattr(gains["validation"], name) if "validation" in gains else None
            optimism = None if searched is None or fresh_gain is None else searched - fresh_gain
            row += [_gain(section, name, validation), _fresh_interval(section, name, fresh_gain)]
            row += [_optimism_text(section, name, optimism)]
        rows.append(row)
    return Table(columns, rows)


def _level(section: Mapping[str, Any], name: str, value: float) -> str:
    if name == "churn":
        return f"{number(100 * value, 2)} %"
    scale = _scale(section)
    digits = 2 if scale > 1 else max(decimals_for(abs(value)), 2) + (name == "mean")
    return number(scale * value, digits) + (" %" if scale > 1 and name == "mean" else "")


def fresh_intervals(section: Mapping[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Return the gains of the fresh runs on test data with their 95 % intervals, by quantity.

    SD and churn in percent; the mean in the unit in which it is shown, positive is better.
    """
    if section["fresh"] is None:
        return {}
    row, ratio = _row(section), _churn_ratio(section)
    found = {}
    if isinstance(row.reduction, Interval):
        found["sd"] = (row.reduction.estimate, row.reduction.low, row.reduction.high)
    if isinstance(row.mean_difference, Interval):
        d = row.mean_difference
        found["mean"] = (d.estimate, d.low, d.high) if section["higher_is_better"] else (-d.estimate, -d.high, -d.low)
    if isinstance(ratio, Interval):
        found["churn"] = (100 * (1 - ratio.estimate), 100 * (1 - ratio.high), 100 * (1 - ratio.low))
    return found


def _fresh_interval(section: Mapping[str, Any], name: str, gain: float | None) -> str:
    known = fresh_intervals(section).get(name)
    if known is None or gain is None:
        return _gain(section, name, gain)
    if name == "mean":
        digits = 2 if _scale(section) > 1 else decimals_for(known[2] - known[1])
        low, high = (number(value, digits) for value in known[1:])
        return f"{number(known[0], digits)} [{low}, {high}]" + (" points" if _scale(section) > 1 else "")
    return f"{known[0]:z.0f} % [{known[1]:z.0f}, {known[2]:z.0f}]"


def _importance_table(section: Mapping[str, Any]) -> Table:
    found = section["importances"]
    if not isinstance(found, Mapping):
        return Table([], [])
    return Table(["parameter", "importance"], [[path, f"{100 * share:.0f} %"] for path, share in found.items()])


def _trials_table(section: Mapping[str, Any]) -> Table:
    scale = _scale(section)
    rows = section["trials"]
    with_churn = any(row["measured"] and row["measured"].churn is not None for row in rows)
    with_params = any(row["params"] for row in rows)
    columns = ["method", *(["values"] if with_params else []), "note", "runs", "failed", "mean", "SD [95 %]"]
    # Of other objectives it is the mean or a spread, which is there already.
    with_value = section["options"]["objective"]["name"] in ("mean-sd", "paper")
    columns += [*(["churn [95 %]"] if with_churn else []), *(["objective"] if with_value else [])]
    table = []
    for row in rows:
        found = row["measured"]
        texts = [
            row["name"],
            *([parameters(row["params"])] if with_params else []),
            _note(section, row),
            str(row["runs"]),
            str(row["failed"]),
        ]
        if found is None:
            texts += ["-"] * (2 + with_churn + with_value)
        else:
            sd = row["spread"]
            digits = 2 if scale > 1 else decimals_for(found.sd)
            texts.append(_level(section, "mean", found.mean))
            texts.append(interval(sd, digits, scale) if sd and not found.failed else number(scale * found.sd, digits))
            if with_churn:
                churned = row["churned"]
                shown = interval(churned, 2, 100) if churned and not found.failed else None
                known = "-" if found.churn is None else _level(section, "churn", found.churn)
                texts.append(f"{shown} %" if shown else known)
            if with_value:
                value = row["value"]
                texts.append("-" if value is None else number(value, max(decimals_for(abs(value)), 2)))
        table.append(texts)
    return Table(columns, table)


def _note(section: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    notes = []
    if row["name"] == section["base"]:
        notes.append("the base")
    if row["chosen"] and section["chosen"] is not None and row["name"] != section["base"]:
        notes.append("chosen")
    if row["state"] in ("pruned", "failed", "running"):
        notes.append(row["state"])
    if row["short"]:
        notes.append("below the floor" if section["higher_is_better"] else "above the ceiling")
    if row["front"]:
        notes.append("front")
    return ", ".join(notes)


def history_figure(section: Mapping[str, Any]) -> Figure:
    """Draw the objective by trial, the best so far, and the base."""
    figure, axes = new_figure(3.0)
    own = next((row["value"] for row in section["trials"] if row["name"] == section["base"]), None)
    seen = [row["value"] for row in section["trials"] if row["value"] is not None]
    wanted = [row["value"] for row in section["trials"] if row["value"] is not None and _is_sound(row)] or seen
    # A trial that diverged would press all others together.
    low, high = min(wanted), max(wanted)
    top = high + 0.15 * ((high - low) or abs(high) or 1.0)
    arms = [arm for arm in ("tuned", "base") if any(row["arm"] == arm and row["params"] for row in section["trials"])]
    for k, arm in enumerate(arms or ["tuned"]):
        rows = [row for row in section["trials"] if row["arm"] == arm and row["name"] != section["base"]]
        at = [number for number, row in enumerate(rows) if row["value"] is not None]
        values = np.minimum([rows[number]["value"] for number in at], top)
        short = np.array([rows[number]["short"] for number in at], dtype=bool)
        label = "trials" if arm == "tuned" else "trials of the base"
        axes.scatter(np.array(at)[~short], values[~short], color=f"C{k}", s=18, label=label)
        axes.scatter(np.array(at)[short], values[short], facecolors="none", edgecolors=f"C{k}", s=18)
        if (~short).any():
            best = np.minimum.accumulate(np.where(short, np.inf, values))
            axes.step(at, np.where(np.isfinite(best), best, np.nan), where="post", color=f"C{k}", linewidth=1.2)
        lost = [number for number, row in enumerate(rows) if row["state"] == "failed"]
        axes.plot(lost, [top] * len(lost), "x", color=f"C{k}", markersize=5)
    if own is not None and section["options"]["objective"]["name"] != "paper":
        axes.axhline(own, color="black", linewidth=0.8, linestyle="--", label="base as it stands")
    axes.set_xlabel("trial")
    axes.set_ylabel("objective")
    legend_above(figure, axes)
    return figure


def _is_sound(row: Mapping[str, Any]) -> bool:
    """Return whether no run of a trial failed and its mean reaches the floor: figures show these as a whole."""
    return (
        row["state"] == "finished" and row["measured"] is not None and not row["measured"].failed and not row["short"]
    )


def _churned(section: Mapping[str, Any]) -> bool:
    """Return whether the spread that the search is about is churn."""
    objective = section["options"]["objective"]
    return bool(objective["name"] == "churn" or (objective["name"] == "front" and objective["spread"] == "churn"))


def _points(section: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], tuple[float, float, float], float, Any]]:
    """Return the finished trials, each with mean (and the ends of its interval), spread and the spread's interval."""
    from scipy.special import stdtrit

    scale, churned = _scale(section), _churned(section)
    points = []
    for row in section["trials"]:
        found = row["measured"]
        if found is None or row["state"] != "finished" or (churned and found.churn is None):
            continue
        half = float(stdtrit(len(found.values) - 1, 0.975)) * found.sd / np.sqrt(len(found.values))
        mean = (scale * found.mean, scale * (found.mean - half), scale * (found.mean + half))
        spread = 100.0 * found.churn if churned else scale * found.sd
        points.append((row, mean, spread, None if found.failed else row["churned" if churned else "spread"]))
    return points


def _window(points: Sequence[tuple[Mapping[str, Any], tuple[float, float, float], float, Any]]) -> list[float]:
    """Return the limits of means and spreads that are drawn: those of the sound trials with a margin."""
    sound = [point for point in points if _is_sound(point[0])] or list(points)
    low, high = min(point[1][0] for point in sound), max(point[1][0] for point in sound)
    reach = max(high - low, *(end - mean for _, (mean, _, end), _, _ in sound))
    return [low - 0.5 * reach, high + 0.5 * reach, 1.6 * max(point[2] for point in sound) or 1.0]


def _outside(section: Mapping[str, Any]) -> str:
    """Return how many trials lie beyond the edges of the figure."""
    points = _points(section)
    if not points:
        return ""
    left, right, top = _window(points)
    beyond = sum(not left <= mean[0] <= right or spread > top for _, mean, spread, _ in points)
    return f" {beyond} lie{'s' * (beyond == 1)} outside." if beyond else ""


def plane_figure(section: Mapping[str, Any]) -> Figure:
    """Draw spread against mean of the trials with intervals, and the front."""
    figure, axes = new_figure(3.2)
    scale, churned = _scale(section), _churned(section)
    points = _points(section)
    factor = 100.0 if churned else scale
    for row, (mean, low, high), spread, shown in points:
        front = row["front"] and row["arm"] == "tuned"
        colour = "black" if row["name"] == section["base"] else "C1" if front else "C0"
        axes.hlines(spread, low, high, color=colour, linewidth=0.8, alpha=0.5)
        if shown:
            axes.vlines(mean, factor * shown.low, factor * shown.high, color=colour, linewidth=0.8, alpha=0.5)
        axes.plot([mean], [spread], "o" if colour != "C0" else ".", color=colour, markersize=5)
    line = sorted((mean[0], spread) for row, mean, spread, _ in points if row["front"] and row["arm"] == "tuned")
    axes.plot(*np.array(line).T.reshape(2, -1), color="C1", linewidth=1)
    if section["floor"] is not None:
        axes.axvline(scale * section["floor"], color="black", linewidth=0.8, linestyle=":")
    if points:
        left, right, top = _window(points)
        axes.set_xlim(left, right)
        axes.set_ylim(0, top)
    axes.set_xlabel(f"mean {section['metric']}" + (" [%]" if scale > 1 else ""))
    axes.set_ylabel("churn [%]" if churned else "SD over runs" + (" [points]" if scale > 1 else ""))
    return figure


def importances_figure(importances: Mapping[str, float]) -> Figure:
    """Draw the importance of every parameter as a bar."""
    figure, axes = new_figure(0.8 + 0.36 * len(importances))
    axes.barh(range(len(importances)), [100 * share for share in importances.values()], color="C0", height=0.5)
    label_rows(axes, list(importances))
    axes.set_xlabel("share of the variance of the objective [%]")
    return figure


def gains_figure(section: Mapping[str, Any]) -> Figure:
    """Draw the reduction of SD and churn: in the search, and on fresh seeds with its interval."""
    known = fresh_intervals(section)
    names = [name for name in ("sd", "churn") if getattr(section["gains"]["search"], name) is not None]
    figure, axes = new_figure(0.9 + 0.6 * len(names))
    shown = [("search", "o", "search"), ("validation", "s", "fresh seeds, validation")]
    for lift, (which, marker, label) in zip((-0.15, 0.0), shown, strict=True):
        if which in section["gains"]:
            x = [getattr(section["gains"][which], name) for name in names]
            at = np.arange(len(names)) + lift
            axes.plot(x, at, marker, mfc="none", color="C0", markersize=6, label=label)
    there = [(k + 0.15, *known[name]) for k, name in enumerate(names) if name in known]
    axes.hlines([t[0] for t in there], [max(t[2], -150) for t in there], [t[3] for t in there], color="C1", linewidth=2)
    axes.plot([max(t[1], -150) for t in there], [t[0] for t in there], "o", color="C1", label="fresh seeds, test")
    axes.axvline(0, color="black", linewidth=0.8)
    label_rows(axes, [_NAMES[name] for name in names])
    axes.set_xlabel("reduction against the base [%], right is steadier")
    legend_above(figure, axes)
    return figure
