"""Tables in Parquet, a row group a batch: for DuckDB, Superset, Metabase and whatever else reads columns."""

from typing import BinaryIO

import pyarrow
import pyarrow.parquet

from services.analytics.exports.table import BATCH, Batch, Kind, Table

TYPES: dict[Kind, pyarrow.DataType] = {
    "text": pyarrow.string(),
    "whole": pyarrow.int64(),
    "share": pyarrow.float64(),
    "day": pyarrow.date32(),
}


class Parquet:
    """A file while it is written."""

    at_once = BATCH

    def __init__(self, file: BinaryIO, table: Table) -> None:
        """Begins the file with the columns' types; what the table is about stands in its metadata."""
        fields = [
            pyarrow.field(column.name, TYPES[column.kind], metadata={"description": column.meaning})
            for column in table.columns
        ]
        self._schema = pyarrow.schema(fields, metadata=dict(table.about))
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema, compression="zstd")

    def add(self, batch: Batch) -> None:
        """Writes rows as a group of their own."""
        columns = [list(column) for column in zip(*batch, strict=True)]
        arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """Writes the end, by which the groups are found."""
        self._writer.close()

    def discard(self) -> None:
        """Ends it: it holds memory."""
        self._writer.close()
