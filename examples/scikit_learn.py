"""scikit-learn, no torch: how much does the accuracy of a random forest depend on its seed?"""

import argparse

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import seedwise


def main(seeds: int) -> None:
    """Train a forest per seed; the split is always the same."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, test_size=360, stratify=y, random_state=0)
    for run in seedwise.replicates(seeds, vary=["init"], config={"trees": 30}):
        forest = RandomForestClassifier(run.config["trees"], random_state=run.seed_for("init")).fit(x, y)
        run.save_predictions(forest.predict_proba(test_x), test_y)
        run.finish(accuracy=forest.score(test_x, test_y))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    main(parser.parse_args().seeds)
