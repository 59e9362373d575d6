"""Text of unknown encoding, a column at a time: decide with evidence, decode at the speed of C, keep what nobody can read."""

from ingest.encodings.codecs import LEGACY, Encoding, decode, encode, normalize
from ingest.encodings.columns import ColumnReading, DecodedColumn, choose_readings, decode_column, encoding_issues
from ingest.encodings.detect import Evidence, Reading, choose_reading

__all__ = [
    "LEGACY",
    "ColumnReading",
    "DecodedColumn",
    "Encoding",
    "Evidence",
    "Reading",
    "choose_reading",
    "choose_readings",
    "decode",
    "decode_column",
    "encode",
    "encoding_issues",
    "normalize",
]
