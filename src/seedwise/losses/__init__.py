"""Drop-in losses that try to make training depend less on the seed, and two controls to test them against.

In a loop::

    loss = VarianceMinimizerLoss(warmup_steps=200).to(device)
    for batch, target in loader:
        loss(model(batch), target).backward()
        ...
    loss.epoch_summary()     # what it did to the gradient
    loss.on_epoch_end()

Needs torch and nothing else of seedwise; what declares the options (`vml_options`, ...) does not even need torch.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seedwise.losses._public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    # Imported when asked for: the options are declared in this package, and read where there is no torch.
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from seedwise.losses import _public

    if name not in ("__all__", *_public.__all__):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(_public, name)


def __dir__() -> list[str]:
    from seedwise.losses import _public

    return sorted([*globals(), *_public.__all__])
