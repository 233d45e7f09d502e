"""A small training with Hugging Face's trainer that notes what it drew; as a program, one that kills itself."""

import os
import signal
import tempfile

import torch
import torch.nn.functional as F
import transformers

from seedwise.integrations.transformers import RunCallback
from seedwise.losses import CLFLoss
from seedwise.run import weights_sha256

from .trainings import main

EPOCHS, SIZE, WORDS = 3, 40, 30

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def sentences():
    """Return sentences of six words, of which the first decides the class."""
    tokens = torch.randint(0, WORDS, (SIZE, 6), generator=torch.Generator().manual_seed(0))
    labels = (tokens[:, 0] < WORDS // 2).long()
    return [
        {"input_ids": x, "attention_mask": torch.ones_like(x), "labels": y} for x, y in zip(tokens, labels, strict=True)
    ]


def network(**options):
    """Return a classifier of sentences with a single small layer."""
    return transformers.BertForSequenceClassification(
        transformers.BertConfig(
            vocab_size=WORDS, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
            max_position_embeddings=8, num_labels=2, **options,
        )
    )  # fmt: skip


class Recorder(transformers.TrainerCallback):
    """Notes the masks of dropout, and kills the process in an epoch if that is asked for."""

    def __init__(self, kill, how):
        self.kill = kill
        self.how = how
        self.masks = []

    def on_step_begin(self, args, state, control, **named):
        self.masks.append((int(state.epoch), F.dropout(torch.ones(8)).tolist()))
        if self.kill is not None and state.epoch > self.kill:
            os.kill(os.getpid(), self.how)


class Trainer(transformers.Trainer):
    """Notes which examples each step had."""

    def training_step(self, model, inputs, num_items_in_batch=None):
        rows = self.train_dataset
        names = {tuple(row["input_ids"].tolist()): k for k, row in enumerate(rows)}
        self.order.append((int(self.state.epoch), [names[tuple(row)] for row in inputs["input_ids"].tolist()]))
        return super().training_step(model, inputs, num_items_in_batch)


def train(run, loss=None, *, clf=False, kill=None, how=signal.SIGKILL, accumulate=1, finish=False, **options):
    """Train a run and return what it drew from each source, the digest of its weights at the end, and the network."""
    if clf:
        loss = CLFLoss(lambda_v=0.01)
    callback = RunCallback(run, loss)
    recorder = Recorder(kill, how)
    with run.randomness.scope("init"):
        model = network(**options)
    start = weights_sha256(model.state_dict())
    data = sentences()
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder, num_train_epochs=EPOCHS, optim="sgd", learning_rate=0.1,
            per_device_train_batch_size=16 // accumulate,
            gradient_accumulation_steps=accumulate, use_cpu=True, report_to="none", disable_tqdm=True,
            logging_strategy="no", **callback.seeds,
        )  # fmt: skip
        trainer = Trainer(
            model, arguments, train_dataset=data, callbacks=[callback, recorder],
            compute_loss_func=None if loss is None else callback.compute_loss,
            compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(1) == p.label_ids).mean())},
        )  # fmt: skip
        trainer.order = []
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train(resume_from_checkpoint=callback.resume())
        if finish:
            callback.finish(trainer.predict(data))
    return {
        "init": start,
        "shuffle": trainer.order,
        "dropout": recorder.masks,
        "end": weights_sha256(model.state_dict()),
        "model": model,
    }


if __name__ == "__main__":
    main(train)
