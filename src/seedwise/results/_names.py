"""What columns and values are usually called in tables of results."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from seedwise.results._marks import rises

METHODS: Final = (
    "method", "algorithm", "algo", "agent", "approach", "arm", "variant", "treatment", "condition", "model",
    "model_name", "model_config", "policy", "config", "configuration", "setting", "group", "experiment", "exp",
    "optimizer", "loss", "augmentation", "activation", "name", "run_name", "run", "label",
)  # fmt: skip
SEEDS: Final = (
    "seed", "random_seed", "rng_seed", "random_state", "replicate", "rep", "repeat", "repetition", "replication",
    "trial", "run", "run_id", "run_number", "run_idx",
)  # fmt: skip
TASKS: Final = ("task", "dataset", "data", "env", "environment", "env_id", "env_name", "benchmark", "domain", "game")
FOLDS: Final = ("fold", "cv_fold", "split_idx", "fold_id")
REPEATS: Final = ("rep", "repeat", "repetition", "replicate", "replication")
STEPS: Final = (
    "step", "steps", "_step", "global_step", "epoch", "epochs", "iteration", "iterations", "iter", "round", "timestep",
    "timesteps", "total_timesteps", "env_steps", "env_step", "frames", "frame", "samples_seen",
)  # fmt: skip
STATES: Final = ("state", "status")
FINISHED: Final = frozenset({"finished", "completed", "complete", "success", "successful", "done", "ok", "succeeded"})
GOING: Final = frozenset({"running", "pending", "queued", "scheduled", "waiting", "unfinished"})
FAILED: Final = frozenset({
    "crashed", "failed", "killed", "error", "diverged", "timeout", "oom", "out_of_memory", "preempted", "pruned",
    "fail", "nan",
})  # fmt: skip
STATISTICS: Final = frozenset(
    {"mean", "avg", "average", "std", "stdev", "stddev", "sd", "sem", "stderr", "median", "min", "max", "total"}
)
MEAN: Final = frozenset({"mean", "avg", "average"})
SPREAD: Final = frozenset({"std", "stdev", "stddev", "sd", "sem", "stderr"})
STANDARD_ERROR: Final = frozenset({"sem", "stderr"})
COUNTS: Final = (
    "n", "count", "runs", "n_runs", "num_runs", "seeds", "n_seeds", "num_seeds", "replicates", "repeats", "n_repeats",
    "trials", "n_trials", "nobs",
)  # fmt: skip
BASES: Final = ("base", "baseline", "control", "vanilla", "default", "standard", "reference")


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_COSTS: Final = _set(
    "time runtime duration elapsed seconds secs sec minutes mins hours wall walltime wallclock timestamp created",
    "date memory mem vram ram gpu params parameters flops macs throughput latency lr learning wd batch batchsize width",
    "depth index idx id port rank gb mb",
)
_LOWER: Final = _set(
    "loss error errors err mse rmse mae mape smape nll perplexity ppl wer cer ter regret fid kid brier ece entropy bpb",
    "bpc bpd crps divergence kl distance cost mase nmse nrmse msle rmsle",
)
_SEED_LIKE: Final = re.compile(
    r"(?:seed|run|rep|replicate|repeat|repetition|trial|s|r)?[\s_\-=]*(\d+)(?:\.0+)?", re.IGNORECASE
)
_NAMED_RUN: Final = re.compile(
    r"(?P<method>.+?)(?:[\s_\-./]*\(?seed[\s_\-=]*|[\s_\-./]s)(?P<seed>\d+)\)?", re.IGNORECASE
)


@lru_cache(maxsize=1 << 16)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case.

    Example:
        >>> words("val/Top1-meanSquaredError")
        ('val', 'top1', 'mean', 'squared', 'error')

    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word)


@cache
def _in_words(known: tuple[str, ...] | frozenset[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(map(words, known))


def one_of(name: str, known: tuple[str, ...] | frozenset[str]) -> bool:
    """Return whether a column is called so, whatever its case and separators.

    Example:
        >>> one_of("Random Seed", SEEDS), one_of("seedling", SEEDS)
        (True, False)

    """
    return words(name) in _in_words(known)


def is_cost(name: str) -> bool:
    """Return whether a column says what a run cost or how it was set up, and not how good it was.

    Example:
        >>> [is_cost(name) for name in ("time_min", "gpu_mem", "lr", "accuracy", "return")]
        [True, True, True, False, False]

    """
    return bool(_COSTS & set(words(name)))


def is_lower_better(name: str) -> bool:
    """Return whether the name of a metric is that of a loss or an error; an arrow in it decides.

    Example:
        >>> [is_lower_better(name) for name in ("test_loss", "mean_absolute_error", "error rate", "accuracy", "reward")]
        [True, True, True, False, False]
        >>> is_lower_better("score \u2193")
        True

    """
    said = rises(name)
    return bool(_LOWER & set(words(name))) if said is None else not said


def seed_key(text: str) -> str:
    """Return a seed in one spelling.

    Example:
        >>> [seed_key(text) for text in ("0", "0.0", "seed_0", "Run 12", "2021a")]
        ['0', '0', '0', '12', '2021a']

    """
    found = _SEED_LIKE.fullmatch(text)
    return str(int(found[1])) if found else text


def is_statistic(cell: object) -> bool:
    """Return whether a cell names a statistic of several runs, such as their mean."""
    return isinstance(cell, str) and cell.strip().lower() in STATISTICS


def is_summary(label: str) -> bool:
    """Return whether a label is a statistic or ends with one: it may be that of a summary row.

    Example:
        >>> [is_summary(label) for label in ("Average", "resnet (avg)", "mean +/- std", "Mean Teacher", "resnet")]
        [True, True, True, False, False]

    """
    return bool({*STATISTICS, "sum", "overall"} & set(words(label)[-1:]))


def is_seed_like(name: str) -> bool:
    """Return whether a column is named after a seed, such as ``seed0``."""
    return _SEED_LIKE.fullmatch(name) is not None


def run_pattern(pattern: str | None) -> re.Pattern[str]:
    """Return what names of runs look like.

    Args:
        pattern: such as ``{method}-s{seed}``; default: a method, and a seed that is called so.

    Example:
        >>> run_pattern(None).fullmatch("relu-seed3").groupdict()
        {'method': 'relu', 'seed': '3'}
        >>> run_pattern("{task}/{method}-{seed}").fullmatch("digits/big-net-7").groupdict()
        {'task': 'digits', 'method': 'big-net', 'seed': '7'}

    """
    if pattern is None:
        return _NAMED_RUN
    made = re.escape(pattern)
    for part, what in (("method", ".+"), ("seed", r"[^\s_\-./]+"), ("task", ".+?"), ("fold", r"\d+")):
        made = made.replace(re.escape("{" + part + "}"), f"(?P<{part}>{what})")
    return re.compile(made)


def is_validation(name: str) -> bool:
    """Return whether the name of a metric says that it is of validation data."""
    return bool({"val", "valid", "validation", "dev", "eval"} & set(words(name)))
