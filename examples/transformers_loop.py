"""A small text model trained by Hugging Face's Trainer, without a download: ``python transformers_loop.py``."""

import argparse
import random
import tempfile
from typing import Any

import torch
from torch import Tensor
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments
from transformers.trainer_utils import EvalPrediction

import seedwise
from seedwise.integrations.transformers import RunCallback
from seedwise.losses import CLFLoss

GOOD = ["fine", "lovely", "bright", "funny", "warm", "clever", "honest", "moving", "great", "sweet"]
BAD = ["dull", "slow", "cold", "flat", "silly", "weak", "noisy", "boring", "poor", "sour"]
REST = [
    "the",
    "a",
    "film",
    "actor",
    "scene",
    "story",
    "music",
    "plot",
    "is",
    "was",
    "and",
    "but",
    "very",
    "not",
    "end",
    "with",
    "of",
    "it",
]
WORDS = ["[pad]", "[cls]", *GOOD, *BAD, *REST]


def sentences(count: int, seed: int) -> list[dict[str, Tensor]]:
    """Return sentences in numbers: of an odd number of opinions, and whether most of them are good."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        opinions = [draw.choice(GOOD + BAD) for _ in range(draw.choice((3, 5)))]
        words = opinions + draw.choices(REST, k=11 - len(opinions))
        draw.shuffle(words)
        tokens = torch.tensor([WORDS.index(word) for word in ["[cls]", *words]])
        label = torch.tensor(int(sum(word in GOOD for word in opinions) > len(opinions) / 2))
        made.append({"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": label})
    return made


def accuracy(predicted: EvalPrediction) -> dict[str, float]:
    """Return the share of sentences whose class is right."""
    logits: Any = predicted.predictions
    return {"accuracy": float((logits.argmax(1) == predicted.label_ids).mean())}


def small_bert() -> BertConfig:
    """Return what a small model is made from."""
    return BertConfig(  # type: ignore[call-arg]
        vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=16, num_labels=2,
    )  # fmt: skip


def main(config: argparse.Namespace) -> None:
    """Train one model per seed."""
    train_set, test_set = sentences(400, seed=1), sentences(400, seed=2)
    settings = {"epochs": config.epochs, "lr": config.lr, "loss": config.loss}
    for run in seedwise.replicates(config.seeds, method=config.loss, config=settings, chance=0.5):
        callback = RunCallback(run, CLFLoss() if config.loss == "clf" else torch.nn.CrossEntropyLoss())
        with run.randomness.scope("init"):
            model = BertForSequenceClassification(small_bert())
        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(
                folder, num_train_epochs=config.epochs, learning_rate=config.lr, per_device_train_batch_size=32,
                use_cpu=True, report_to="none", disable_tqdm=True, **callback.seeds,
            )  # fmt: skip
            trainer = Trainer(
                model, arguments, train_dataset=train_set, compute_metrics=accuracy,
                callbacks=[callback], compute_loss_func=callback.compute_loss,
            )  # fmt: skip
            trainer.train(resume_from_checkpoint=callback.resume())
            callback.finish(trainer.predict(test_set), chance=0.5)  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--loss", choices=["base", "clf"], default="base")
    main(parser.parse_args())
