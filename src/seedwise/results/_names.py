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
TASKS: Final = (
    "task", "dataset", "data", "env", "environment", "env_id", "env_name", "benchmark", "domain", "game", "task_id",
    "task_name", "dataset_id", "dataset_name", "data_set",
)  # fmt: skip
FOLDS: Final = ("fold", "cv_fold", "split_idx", "fold_id", "fold_idx", "cv")
GROUPS: Final = (
    "split", "subject", "subject_id", "participant", "patient", "session", "site", "problem", "instance", "case",
    "question", "example", "sample", "corpus", "language", "category", "scenario",
)  # fmt: skip
"""What divides the rows of a table, where its name alone does not say into folds, tasks or examples."""
REPEATS: Final = ("rep", "repeat", "repetition", "replicate", "replication")
STEPS: Final = (
    "step", "steps", "_step", "global_step", "epoch", "epochs", "iteration", "iterations", "iter", "round", "timestep",
    "timesteps", "total_timesteps", "env_steps", "env_step", "frames", "frame", "samples_seen",
)  # fmt: skip
STATES: Final = ("state", "status")
FINISHED: Final = frozenset({
    "finished", "completed", "complete", "success", "successful", "done", "ok", "succeeded", "published",
})  # fmt: skip
GOING: Final = frozenset({
    "running", "pending", "queued", "scheduled", "waiting", "unfinished", "preempting", "in_progress", "paused",
    "created", "completing",
})  # fmt: skip
FAILED: Final = frozenset({
    "crashed", "failed", "killed", "error", "diverged", "timeout", "oom", "out_of_memory", "preempted", "pruned",
    "fail", "nan", "cancelled", "canceled", "aborted", "interrupted", "node_fail",
})  # fmt: skip
FAILURES: Final = ("failed", "crashed", "diverged", "killed")
"""Columns of yes and no that say how a run ended."""
METRIC_NAMES: Final = ("metric", "metric_name", "measure", "metric_key", "tag", "variable")
VALUES: Final = ("value", "values", "score", "result", "metric_value")
"""In a table with a row per run and metric: the column of the names, and that of the numbers."""
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


_SPENT: Final = _set(
    "time runtime duration elapsed seconds secs sec minutes mins hours wall walltime wallclock memory mem vram ram gpu",
    "params parameters flops macs latency gb mb",
)
_SET_UP: Final = _set(
    "timestamp created date throughput lr learning wd batch batchsize width depth index idx id port rank",
)
_DERIVED: Final = _set("delta diff difference gain improvement gap \u03b4 pvalue")
_LOWER: Final = _set(
    "loss error errors err mse rmse mae mape smape nll perplexity ppl wer cer ter regret fid kid brier ece entropy bpb",
    "bpc bpd crps divergence kl distance cost mase nmse nrmse msle rmsle logloss rank miss fpr fnr false eer lpips epe",
    "mpjpe fvd mce ade fde hd95 violation violations collisions bits gap forgetting residual mistakes failures",
)
_RESULTS: Final = _set(
    "acc accuracy top1 top5 f1 auc auroc auprc precision recall bleu rouge psnr ssim miou iou return returns reward",
    "rewards score loss perplexity ppl wer exact r2 error err",
)
_SPLITS: Final = _set("train training test val valid validation dev eval")
_ASPECTS: Final = _set("final best last mean macro micro weighted avg")
_RECORDED: Final = re.compile(
    r"^(?:(?:config|cfg|params?|args|hparams|hp|hyperparameters|metrics|tags|summary|settings|user_attrs)[./_](?=.))+"
)
"""What trackers write before the name of a setting or metric."""
_SEED_LIKE: Final = re.compile(
    r"(?:(?:seed|run|rep|replicate|repeat|repetition|trial|s|r)[\s_\-=]*)?(\d+)(?:\.0+)?", re.IGNORECASE
)
_FOLD_LIKE: Final = re.compile(r"(?:cv|fold|split)[\s_\-]*(?P<fold>\d+)(?:[\s_\-]+(?P<metric>.+))?", re.IGNORECASE)
_QUANTILE: Final = re.compile(r"\d+(?:\.\d+)? ?%").fullmatch
_NAMED_RUN: Final = re.compile(
    r"(?P<method>.+?)(?:[\s_\-./,;:]*\(?seed[\s_\-=:]*|[\s_\-./,;:]s)(?P<seed>\d+)\)?", re.IGNORECASE
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
    """Return whether a column is called so, whatever its case and separators, and what a tracker writes before it.

    Example:
        >>> one_of("Random Seed", SEEDS), one_of("config/seed", SEEDS), one_of("seedling", SEEDS)
        (True, True, False)

    """
    own = words(name)
    return own in _in_words(known) or _own_words(name) in _in_words(known)


@lru_cache(maxsize=1 << 16)
def _own_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without what a tracker writes before it."""
    return words(_RECORDED.sub("", name))


def is_seed(name: str) -> bool:
    """Return whether a column is called a seed, of whatever.

    Example:
        >>> [is_seed(name) for name in ("init_seed", "seed_everything", "params.seed", "n_seeds", "run")]
        [True, True, True, False, False]

    """
    own = words(name)
    return own[-1:] == ("seed",) or own == ("seed", "everything")


def is_cost(name: str) -> bool:
    """Return whether a column says what a run cost or how it was set up, and not how good it was.

    Example:
        >>> [is_cost(name) for name in ("time_min", "gpu_mem", "lr", "best_epoch", "accuracy", "return")]
        [True, True, True, True, False, False]

    """
    own = _own_words(name)
    counts = len(own) > 1 and own[-1] in {"epoch", "epochs"} and not (_RESULTS | _LOWER) & set(own)
    return counts or own in {("year",), ("number",)} or bool((_SPENT | _SET_UP) & set(own))


def is_derived(name: str) -> bool:
    """Return whether a column among those of methods is made from them, such as their difference.

    Example:
        >>> [is_derived(name) for name in ("delta", "p-value", "Improvement (%)", "\u0394", "ours")]
        [True, True, True, True, False]

    """
    own = words(name)
    return bool(_DERIVED & {*own, name.strip().lower()[:1]}) or own in {("p",), ("p", "value")}


def is_result(name: str) -> bool:
    """Return whether a column is called like a metric and like nothing else.

    Example:
        >>> [is_result(name) for name in ("acc@1", "val/top1", "Test Accuracy", "ours acc", "mse", "adam")]
        [True, True, True, False, False, False]

    """
    own = {word for word in _own_words(name) if not word.isdigit()} - _SPLITS - _ASPECTS
    return bool(own) and own <= _RESULTS


def measured(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of a name that are no metric and no part of the data, and those that are.

    Example:
        >>> measured("ours val acc"), measured("ours")
        ((('ours',), ('val', 'acc')), (('ours',), ()))

    """
    own = words(name)
    kinds = tuple(word for word in own if word in _RESULTS | _LOWER | _SPLITS)
    return tuple(word for word in own if word not in kinds), kinds


def is_lower_better(name: str) -> bool:
    """Return whether the name of a metric is that of a loss, an error or a cost; an arrow in it decides.

    Example:
        >>> [is_lower_better(name) for name in ("test_loss", "mean_absolute_error", "error rate", "accuracy", "reward")]
        [True, True, True, False, False]
        >>> [is_lower_better(name) for name in ("neg_mean_squared_error", "error reduction", "gap", "score \u2193")]
        [False, False, True, True]

    """
    said = rises(name)
    if said is not None:
        return not said
    own = words(name)
    lower = bool(_LOWER & set(own)) or (bool(_SPENT & set(_own_words(name))) and not _RESULTS & set(own))
    likely = any(word.startswith("likelihood") or word == "ll" for word in own)
    if {"reduction", "improvement"} & set(own):
        return False
    negative = "neg" in own or (likely and "negative" in own)
    return lower is not negative


def seed_key(text: str) -> str:
    """Return a seed in one spelling.

    Example:
        >>> [seed_key(text) for text in ("0", "0.0", "seed_0", "Run 12", "-1", "2021a")]
        ['0', '0', '0', '12', '-1', '2021a']

    """
    found = _SEED_LIKE.fullmatch(text)
    return str(int(found[1])) if found else text


def is_statistic(cell: object) -> bool:
    """Return whether a cell names a statistic of several runs, such as their mean."""
    return isinstance(cell, str) and cell.strip().lower() in STATISTICS


def is_average(label: str) -> bool:
    """Return whether a label among seeds is no seed but a statistic of them, whatever else it says.

    Example:
        >>> [is_average(label) for label in ("mean\u00b1std", "Average (5)", "all", "std.", "3 (rerun)")]
        [True, True, True, True, False]

    """
    own = words(label)
    ends = {*own[:1], *own[-1:]}
    return bool(ends & STATISTICS) or own in {("all",), ("overall",), ("sum",), ("count",)} or bool(_QUANTILE(label))


def is_summary(label: str) -> bool:
    """Return whether a label is a statistic or ends with one: it may be that of a summary row.

    Example:
        >>> [is_summary(label) for label in ("Average", "resnet (avg)", "mean +/- std", "Mean Teacher", "resnet")]
        [True, True, True, False, False]

    """
    return bool({*STATISTICS, "sum", "overall"} & set(words(label)[-1:]))


def fold_of(name: str) -> tuple[str, str] | None:
    """Return the fold and the metric of a column that is named after a fold, None for any other.

    Example:
        >>> fold_of("Fold 3"), fold_of("split0_test_score"), fold_of("seed 3")
        (('3', ''), ('0', 'test_score'), None)

    """
    found = _FOLD_LIKE.fullmatch(name)
    return (found["fold"], found["metric"] or "") if found else None


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
