"""The study's single file, and what is read from it."""

from seedwise.store._bulk import in_bulk
from seedwise.store._compact import Exported, export_compact
from seedwise.store._recorded import Query, Recalled, recordable
from seedwise.store._records import StoredReadout, StoredRun
from seedwise.store._recover import Recovered, recover
from seedwise.store._store import Store

__all__ = [
    "Exported",
    "Query",
    "Recalled",
    "Recovered",
    "Store",
    "StoredReadout",
    "StoredRun",
    "export_compact",
    "in_bulk",
    "recordable",
    "recover",
]
