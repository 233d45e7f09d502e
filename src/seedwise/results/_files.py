"""Files that hold a table of results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedwise.errors import SeedwiseError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file.

    Raises:
        SeedwiseError: one line, if it is missing, empty or no table.

    """
    import pandas as pd

    try:
        if path.suffix in (".parquet", ".pq"):
            return pd.read_parquet(path)
        options: dict[str, Any] = {"sep": "\t"} if path.suffix == ".tsv" else {}
        table: pd.DataFrame = pd.read_csv(path, **options)
    except FileNotFoundError:
        raise SeedwiseError(f"there is no file {path}") from None
    except ImportError:
        raise SeedwiseError("reading Parquet needs pyarrow: pip install pyarrow, or write the results as CSV") from None
    except pd.errors.EmptyDataError:
        raise SeedwiseError(f"{path} is empty: it needs a header and a row per run") from None
    except (OSError, ValueError) as error:
        raise SeedwiseError(f"cannot read {path} as a table: {str(error).splitlines()[0]}") from None
    return table
