"""HSDS tables as files: tabular JSON, or CSV files in a zip with their description; written the same each time, read within bounds."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from services.matching.hsds.description import TABLES, VERSION, Field, Shape
from services.matching.hsds.nested import flat
from services.matching.hsds.rows import Row, Tables

BYTES_MAX = 20 * 1024**2
ROWS_MAX = 50_000
ENTRIES_MAX = 5_000  # organisations, locations and services; all of them become one unit
_UNPACKED_MAX = 100 * 1024**2  # bytes; five times what may come in is more than honest tables pack to
_RATIO_MAX, _FREE = 100, 1024**2
_PIECE = 65_536
_MEMBERS_MAX = 100
AS_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula
_ESCAPED = (*AS_FORMULA, "'")
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of a zip: the same tables are the same bytes
_TYPES = {"whole": "integer", "number": "number", "day": "date"}
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
EXTRA = "\0extra"  # the cells of a row beyond its header


class Unreadable(Exception):
    """The file cannot be read at all; `args[0]` says why, without anything of what stands in it."""


def to_json(tables: Tables) -> bytes:
    return _encoder.encode(tables) + b"\n"


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_ESCAPED) else text


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_ESCAPED) else cell


def to_csv(shape: Shape, rows: list[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([field.name for field in shape.fields])
    writer.writerows([[_cell(row.get(field.name)) for field in shape.fields] for row in rows])
    return out.getvalue().encode()


def _described(field: Field) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": field.required, "unique": field.name == "id"}
    if field.kind == "choice":
        constraints["enum"] = list(field.among)
    uuid = {"format": "uuid"} if field.kind in ("id", "ref") else {}
    return {"name": field.name, "type": _TYPES.get(field.kind, "string"), **uuid, "constraints": constraints}


def datapackage() -> dict[str, Any]:
    """What is in the zip, as a tabular data package."""
    resources = []
    for shape in TABLES.values():
        keys = [{"fields": f.name, "reference": {"resource": f.of, "fields": "id"}} for f in shape.fields if f.kind == "ref"]
        schema = {"primaryKey": "id", "foreignKeys": keys, "fields": [_described(field) for field in shape.fields]}
        resources.append(
            {"name": shape.name, "path": shape.file, "description": shape.title, "format": "csv", "mediatype": "text/csv",
             "encoding": "utf-8", "profile": "tabular-data-resource", "schema": schema}
        )  # fmt: skip
    return {"name": "human_services_data", "profile": "tabular-data-package", "version": VERSION, "resources": resources}


def to_zip(tables: Tables) -> bytes:
    out = io.BytesIO()
    files = {"datapackage.json": msgspec.json.format(msgspec.json.encode(datapackage()), indent=1)}
    files |= {shape.file: to_csv(shape, tables[shape.name]) for shape in TABLES.values()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            one = zipfile.ZipInfo(name, _FIRST_DAY)
            one.compress_type, one.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(one, data)
    return out.getvalue()


def _bounded(tables: dict[str, list[Any]]) -> dict[str, list[Any]]:
    if sum(len(tables.get(name, ())) for name in ("organization", "location", "service")) > ENTRIES_MAX:
        raise Unreadable(f"the file holds more than {ENTRIES_MAX:,} organizations, locations and services; send it in parts")
    if sum(map(len, tables.values())) > ROWS_MAX:
        raise Unreadable(f"the file holds more than {ROWS_MAX:,} rows")
    return tables


def from_json(data: bytes) -> dict[str, list[Any]]:
    """The tables in a JSON file: by table, or nested as the API shows them. Raises `Unreadable`."""
    try:
        told = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):  # a number may be beyond all decimals
        raise Unreadable("the file is no JSON, or is nested too deeply") from None
    if isinstance(told, dict) and not isinstance(told.get("contents"), list) and TABLES.keys() & told.keys():
        for name in TABLES.keys() & told.keys():
            if not isinstance(told[name], list):
                raise Unreadable(f"{name}: a list of rows is expected")
        return _bounded({name: rows for name, rows in told.items() if name in TABLES})
    listed = told.get("contents") if isinstance(told, dict) else told
    if not isinstance(listed, list):
        raise Unreadable("neither HSDS tables by name nor a list of services, organizations or locations")
    try:
        tables = flat(listed, ROWS_MAX)
    except RecursionError:
        raise Unreadable("the file is nested too deeply") from None
    if tables is None:
        raise Unreadable(f"the file holds more than {ROWS_MAX:,} rows")
    return _bounded(tables)


def _unpacked(archive: zipfile.ZipFile, one: zipfile.ZipInfo, left: int) -> bytes:
    """The bytes of one file, counted while they come: what the head says of their number is not believed."""
    most, pieces, size = min(left, _FREE + _RATIO_MAX * one.compress_size), [], 0
    with archive.open(one) as inside:
        while piece := inside.read(_PIECE):
            size += len(piece)
            if size > most:
                raise Unreadable("the zip file unpacks to more than it may")
            pieces.append(piece)
    return b"".join(pieces)


def from_zip(data: bytes) -> dict[str, list[Any]]:
    """The tables in a zip of CSV files named as HSDS names them; other files are passed over. Raises `Unreadable`."""
    files, left = {shape.file: shape for shape in TABLES.values()}, _UNPACKED_MAX
    tables: dict[str, list[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS_MAX:
                raise Unreadable(f"the zip file holds more than {_MEMBERS_MAX} files")
            for one in members:
                shape = files.get(one.filename.rpartition("/")[2])
                if shape is None:
                    continue
                if shape.name in tables:
                    raise Unreadable(f"{shape.file} is there twice")
                text = _unpacked(archive, one, left)
                left -= len(text)
                tables[shape.name] = list(_read(shape, text))
                _bounded(tables)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise Unreadable("the zip file is damaged, locked, or packed in a way we do not read") from None
    if not tables:
        raise Unreadable("the zip file holds none of the files of HSDS, such as services.csv")
    return tables


def _read(shape: Shape, data: bytes) -> Iterator[Row]:
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        if len(set(header)) != len(header):
            raise Unreadable(f"{shape.file}: two columns have the same name")
        for n, cells in enumerate(rows):
            if n >= ROWS_MAX:
                raise Unreadable(f"the file holds more than {ROWS_MAX:,} rows")
            row: Row = {name: _plain(cell) for name, cell in zip(header, cells, strict=False)}
            yield {**row, EXTRA: True} if len(cells) > len(header) else row
    except UnicodeDecodeError:
        raise Unreadable(f"{shape.file}: not written in UTF-8") from None
    except csv.Error:
        raise Unreadable(f"{shape.file}: the quotes or lines are broken") from None
