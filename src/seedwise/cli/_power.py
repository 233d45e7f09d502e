"""``seedwise power``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from seedwise.errors import SeedwiseError

NAME: Final = "power"


def command(
    sd_ratio: Annotated[float, typer.Option(help="The ratio of SDs that matters to you, such as 0.7.")] = 0.7,
    power: Annotated[float, typer.Option(help="The probability of finding it.")] = 0.8,
    alpha: Annotated[float, typer.Option(help="The significance level.")] = 0.05,
    correlation: Annotated[float, typer.Option(help="Of paired runs; 0 if they are not paired or unrelated.")] = 0.0,
) -> None:
    """How many seeds does it take to find a difference in spread?

    The effect is the one that matters to you, never one that was observed.
    """
    from seedwise.cli._console import console
    from seedwise.statistics import expected_interval, seeds_needed
    from seedwise.statistics import power as power_at

    out = console()
    try:
        needed = seeds_needed(sd_ratio=sd_ratio, power=power, alpha=alpha, rho=correlation)
        table = {
            n: (
                power_at(sd_ratio=sd_ratio, n=n, alpha=alpha, rho=correlation),
                expected_interval("ratio", n=n, paired=correlation != 0, rho=correlation, level=1 - alpha),
            )
            for n in (5, 10, 20, 40, 80, 160)
        }
    except (TypeError, ValueError) as error:
        raise SeedwiseError(str(error)) from None
    out.print(
        f"finding an SD ratio of {sd_ratio:g} with probability {power:g} takes {needed} runs per method "
        f"(normal data, one comparison, two-sided, alpha {alpha:g}"
        + (f", paired runs with correlation {correlation:g})" if correlation else ")"),
        soft_wrap=True,
    )
    out.print(
        "the default tests, which do not assume normal data, take more: "
        "5 to 10 % for a ratio of .7, 15 to 25 % for .5, up to 35 % with correlated pairs",
        soft_wrap=True,
    )
    out.print("runs per method  probability of finding it  interval to expect for a ratio of 1")
    for n, (value, expected) in table.items():
        out.print(f"{n:15d}  {value:<25.2f}  {expected.low:.2f} to {expected.high:.2f}", soft_wrap=True)
