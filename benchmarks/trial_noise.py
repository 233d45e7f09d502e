"""How noisy SD and churn of a few runs are: subsets of the many runs of each method of a study.

    python benchmarks/trial_noise.py clf-tune-digits.db clf-tune-digits-fresh

The store is that of `seedwise tune recipe:clf-tune-digits`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from seedwise.study import Store, cells_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("study")
    parser.add_argument("--metric", default="validation/accuracy")
    parser.add_argument("--runs", type=int, nargs="+", default=[5, 8])
    parser.add_argument("--subsets", type=int, default=3000)
    options = parser.parse_args()
    with Store(options.store) as store:
        cells = cells_of(store, options.study, options.metric)
    print(f"coefficient of variation over {options.subsets} subsets of the runs, {options.metric}")
    for cell in cells:
        values, labels = cell.values[cell.finished_mask], cell.predictions
        if labels is None:
            parser.error(f"{cell.method} kept no predictions")
        apart = np.array([[np.mean(one != other) for other in labels] for one in labels])
        for runs in options.runs:
            rng = np.random.default_rng(0)
            drawn = [rng.choice(len(values), runs, replace=False) for _ in range(options.subsets)]
            sd = np.array([values[rows].std(ddof=1) for rows in drawn])
            churn = np.array([apart[np.ix_(rows, rows)].sum() / (runs * (runs - 1)) for rows in drawn])
            print(
                f"{cell.method}: {runs} of {len(values)} runs: "
                f"SD {100 * sd.std() / sd.mean():.0f} %, churn {100 * churn.std() / churn.mean():.0f} %"
            )


if __name__ == "__main__":
    main()
