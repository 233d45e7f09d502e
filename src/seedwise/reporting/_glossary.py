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

WORDS: Final[Mapping[str, str]] = {
    "attribution": "Which source makes how much of what varies between runs.",
    "base": "The method that all others are compared with.",
    "cell": "The runs of one method, regime and readout on one task; statistics see nothing else.",
    "controller": "A loss that multiplies the gradient of its base loss by a factor from step to step.",
    "corrected p": "A p-value multiplied for the number of comparisons, by Holm's rule.",
    "equivalence": "That a difference is smaller than a factor or margin that was named; more than not being resolved.",
    "error variance": "The variance over runs of the error on an example, averaged over the test examples.",
    "first-order effect": "The share of what varies that would be gone if a source were held fixed.",
    "learning-rate control": "A control that changes the learning rate by the mean factor of a controller.",
    "method": "A named set of changes to the base's network and training; each makes runs of its own.",
    "negative flip": "A test example that was right and is wrong after a method has taken the place of another.",
    "not resolved": "These runs cannot tell; no evidence that nothing differs.",
    "paired": "Run r of two methods has the same seeds, all of them.",
    "power": "The chance that a study finds a difference that is there.",
    "readout": "A way from finished runs to predictions, without training: views, averages, ensembles.",
    "recipe": "A study file that comes with seedwise, such as an experiment of a paper.",
    "regime": "Which sources vary.",
    "replicate": "The number of a run within its method; replicate r of every method has the same seeds.",
    "run": "One training, named by all that determines it: configuration and seeds.",
    "SD ratio": "The SD of a method divided by that of the base; .7 is a reduction of 30 %.",
    "seed": "A whole number from which the draws of one source follow.",
    "source": "An origin of randomness: init, shuffle, augment, dropout; when named, split, ulp and hardware.",
    "spread": "How far results of the same training with other seeds lie apart: their SD.",
    "store": "The one file with all results of a study.",
    "study": "Methods, regimes, replicates and readouts, on one task or several.",
    "task": "What is learned: the dataset, its metrics and the default loss.",
    "total effect": "The share of what varies that would remain if every source but one were held fixed.",
}
"""Words of studies, for the glossary of the documentation; the page explains its own alone."""
