"""``seedwise power``."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from seedwise.errors import SeedwiseError

NAME: Final = "power"
EXAMPLE: Final = "seedwise power --sd-ratio 0.7 --comparisons 3"
_SIZES: Final = (5, 10, 20, 40, 80, 160)


def command(
    sd_ratio: Annotated[
        float | None, typer.Option(help="The ratio of SDs that matters to you.", show_default="0.7, without --mean")
    ] = None,
    mean: Annotated[
        float | None, typer.Option(help="The difference of means that matters to you: in SDs, or in the unit of --sd.")
    ] = None,
    sd: Annotated[float | None, typer.Option(help="The SD over runs, in the metric's unit; for --mean.")] = None,
    comparisons: Annotated[
        int, typer.Option(min=1, help="How many comparisons with the base the study makes; they share alpha (Holm).")
    ] = 1,
    power: Annotated[float, typer.Option(help="The probability of finding it.")] = 0.8,
    alpha: Annotated[float, typer.Option(help="The significance level of all comparisons together.")] = 0.05,
    correlation: Annotated[
        float | None,
        typer.Option(help="Of paired runs; 0 is the safe choice.", show_default="runs are not paired"),
    ] = None,
) -> None:
    """How many seeds does it take to find a difference in spread, or in the mean?

    The effect is the one that matters to you, never one that was observed. The numbers are for the tests that compare
    and report use, which do not assume normal values, on normal values.
    """
    from seedwise.statistics import expected_interval, mean_power, mean_seeds_needed, seeds_needed
    from seedwise.statistics import power as power_at
    from seedwise.terminal import console

    if sd is not None and mean is None:
        raise SeedwiseError("--sd is the unit of --mean: type --mean too, such as --mean 0.2 --sd 0.4")
    arms: dict[str, Any] = {"paired": correlation is not None, "correlation": correlation or 0.0}
    asked: dict[str, Any] = {"alpha": alpha, "comparisons": comparisons, **arms}
    unit = 1.0 if sd is None else sd
    out = console()
    try:
        if sd_ratio is not None or mean is None:
            ratio = 0.7 if sd_ratio is None else sd_ratio
            needed = seeds_needed(sd_ratio=ratio, power=power, **asked)
            expected = {n: expected_interval("ratio", n=n, level=1 - alpha / comparisons, **arms) for n in _SIZES}
            reached = [power_at(sd_ratio=ratio, n=n, **asked) for n in _SIZES]
            out.print(
                f"finding an SD ratio of {ratio:g}{_asked(comparisons, power, alpha, correlation, needed)}",
            )
            out.print(
                "runs per method  probability of finding it  interval for a ratio of 1, if normal", soft_wrap=True
            )
            for n, value in zip(_SIZES, reached, strict=True):
                out.print(f"{n:15d}  {value:<25.2f}  {expected[n].low:.2f} to {expected[n].high:.2f}", soft_wrap=True)
        if mean is not None:
            needed = mean_seeds_needed(difference=mean, sd=unit, power=power, **asked)
            reached = [mean_power(difference=mean, n=n, sd=unit, **asked) for n in _SIZES]
            size = f"{mean:g} SDs" if sd is None else f"{mean:g} (SD {sd:g})"
            out.print(
                f"finding a difference of means of {size}{_asked(comparisons, power, alpha, correlation, needed)}",
            )
            out.print("runs per method  probability of finding it")
            for n, value in zip(_SIZES, reached, strict=True):
                out.print(f"{n:15d}  {value:.2f}", soft_wrap=True)
    except (TypeError, ValueError) as error:
        raise SeedwiseError(str(error)) from None


def _asked(comparisons: int, power: float, alpha: float, correlation: float | None, needed: int) -> str:
    where = f" in one of {comparisons} comparisons" if comparisons > 1 else ""
    arms = "not paired" if correlation is None else f"paired runs with correlation {correlation:g}"
    return f"{where} with probability {power:g} takes {needed} runs per method (two-sided, alpha {alpha:g}, {arms})"
