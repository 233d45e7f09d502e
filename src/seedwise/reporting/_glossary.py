"""What the words of the page mean, where they are first met."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GLOSSARY: Final[Mapping[str, str]] = {
    "every run": "A tick is a run, the dot is their mean; of ensembles, a band of one SD.",
    "SD": "Standard deviation over runs that differ in their seeds alone.",
    "reduction": "By how much smaller the SD is than the base's: 100 (1 - SD / SD of the base) percent.",
    "less spread": "The dot is the reduction, the bar its 95 % interval; on the line the SD is that of the base.",
    "churn": "Share of test examples on which two runs of one method predict differently.",
    "churn ratio": "Churn of the method divided by that of the base; below 1, runs agree more.",
    "verdict": "What the runs can tell about the spread, corrected for the number of comparisons.",
    "interval": "Of 100 such studies, about 95 have the true value within theirs.",
    "ensemble": "Several runs whose predictions are averaged.",
    "placebo": "A control with the same changes of the gradient at other steps, so that it reacts to nothing.",
    "test-set noise": "What the SD would be if runs differed on each test example by chance alone.",
}
