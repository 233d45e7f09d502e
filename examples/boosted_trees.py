"""LightGBM, no torch: how much does the accuracy of boosted trees depend on the rows and columns that are drawn?"""

import argparse
from typing import Any

import lightgbm
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import seedwise


def main(seeds: int) -> None:
    """Train boosted trees per seed; rows are drawn from the shuffle stream, columns from the init stream."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, test_size=360, stratify=y, random_state=0)
    for run in seedwise.replicates(seeds, vary=["init", "shuffle"], config={"rounds": 20}):
        parameters: dict[str, Any] = {
            "objective": "multiclass", "num_class": 10, "bagging_freq": 1, "bagging_fraction": 0.5,
            "feature_fraction": 0.5, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
            # LightGBM takes seeds below 2**31.
            "feature_fraction_seed": run.seed_for("init") // 2, "bagging_seed": run.seed_for("shuffle") // 2,
        }  # fmt: skip
        curves: dict[str, Any] = {}
        trees = lightgbm.train(
            parameters,
            lightgbm.Dataset(x, y),
            run.config["rounds"],
            valid_sets=[lightgbm.Dataset(test_x, test_y)],
            valid_names=["test"],
            callbacks=[lightgbm.record_evaluation(curves)],
        )
        for epoch, loss in enumerate(curves["test"]["multi_logloss"]):
            run.log(epoch, **{"test/loss": loss})
        scores = np.asarray(trees.predict(test_x))
        run.save_predictions(scores, test_y)
        run.finish(accuracy=(scores.argmax(1) == test_y).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    main(parser.parse_args().seeds)
