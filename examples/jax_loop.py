"""JAX, no torch: a small network in a handful of functions, every source of randomness from its own seed."""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import seedwise

Weights = dict[str, Array]


def new_weights(key: Array) -> Weights:
    """Return the weights of a network of 64, 64 and 10 units at the start."""
    first, second = jax.random.split(key)
    return {"first": jax.random.normal(first, (64, 64)) / 8, "second": jax.random.normal(second, (64, 10)) / 8}


def logits_of(weights: Weights, inputs: Array, key: Array | None = None) -> Array:
    """Return the logits; with a key, one in five hidden units is dropped."""
    hidden = jax.nn.relu(inputs @ weights["first"])
    if key is not None:
        hidden = jnp.where(jax.random.bernoulli(key, 0.8, hidden.shape), hidden / 0.8, 0)
    return hidden @ weights["second"]


def loss_of(weights: Weights, inputs: Array, labels: Array, key: Array) -> Array:
    """Return the mean cross-entropy."""
    log_probabilities = jax.nn.log_softmax(logits_of(weights, inputs, key))
    return -log_probabilities[jnp.arange(len(labels)), labels].mean()


def step(weights: Weights, inputs: Array, labels: Array, key: Array) -> tuple[Weights, Array]:
    """Return the weights after a step of gradient descent, and the loss before it."""
    loss, gradient = jax.value_and_grad(loss_of)(weights, inputs, labels, key)
    return {name: weight - 0.5 * gradient[name] for name, weight in weights.items()}, loss


def main(seeds: int, epochs: int) -> None:
    """Train one network per seed; the split is always the same."""
    x, y = load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x / 16, y, test_size=360, stratify=y, random_state=0)
    sources, compiled = ["init", "shuffle", "dropout"], jax.jit(step)
    for run in seedwise.replicates(seeds, vary=sources, config={"epochs": epochs}):
        saved = run.checkpoint.load() or {"epoch": -1, "weights": new_weights(jax.random.key(run.seed_for("init")))}
        weights = {name: jnp.asarray(weight) for name, weight in saved["weights"].items()}
        for epoch in range(saved["epoch"] + 1, epochs):
            order = run.randomness.numpy("shuffle", epoch).permutation(len(x))
            masks = jax.random.key(run.seed_for("dropout", epoch))
            losses = []
            for k, batch in enumerate(np.array_split(order, len(x) // 64)):
                weights, loss = compiled(weights, x[batch], y[batch], jax.random.fold_in(masks, k))
                losses.append(float(loss))
            run.log(epoch, loss=np.mean(losses))
            run.checkpoint.save(epoch, weights={name: np.asarray(weight) for name, weight in weights.items()})
        logits = logits_of(weights, test_x)
        run.save_weights({name: np.asarray(weight) for name, weight in weights.items()})
        run.save_predictions(logits, test_y)
        run.finish(accuracy=(logits.argmax(1) == test_y).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=10)
    main(**vars(parser.parse_args()))
