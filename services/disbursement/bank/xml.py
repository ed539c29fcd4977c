"""Bytes of a stranger to a tree that keeps to its schema: no entities, no network, bounded in size and depth; one clear refusal else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from shared.errors import Malformed

BYTES_MAX = 8_000_000
DEPTH_MAX = 40
FEN_MAX = 10**15
_SCHEMAS = Path(__file__).parent / "schemas"
_AMOUNT = re.compile(r"([0-9]{1,14})(?:\.([0-9]{1,2})0*)?")
_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"


class Unreadable(Malformed):
    """A file that is not taken; `pointer` is the place in it, `detail` the rule. What was written there is not repeated."""

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(f"{pointer}: {detail}")
        self.pointer, self.detail = pointer, detail


@lru_cache(8)
def schema(kind: str) -> etree.XMLSchema:
    """The schema of a message as ISO generates it."""
    return etree.XMLSchema(etree.parse(str(_SCHEMAS / f"{kind}.xsd"), _parser()))


def _parser() -> etree.XMLParser:
    # A doctype is refused before anything is parsed; this is the second door.
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True
    )  # fmt: skip


def kind_of(root: etree._Element) -> str:
    """`pain.002.001.12`, from the namespace of the document; empty where it is none of ISO's."""
    namespace = etree.QName(root).namespace or ""
    return namespace.removeprefix(_NAMESPACE) if namespace.startswith(_NAMESPACE) else ""


def parsed(content: bytes) -> etree._Element:
    """The root of well-formed XML in UTF-8; raises `Unreadable`."""
    if len(content) > BYTES_MAX:
        raise Unreadable("", f"a file holds at most {BYTES_MAX} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("", "the file must be written in UTF-8") from None
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise Unreadable("", "a file may not define entities or name a document type")
    try:
        root = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError) as fault:
        line = getattr(fault, "lineno", None) or 1
        raise Unreadable(f"/line/{line}", "this is not well-formed XML") from None
    if _deeper(root, DEPTH_MAX):
        raise Unreadable("", f"elements are nested at most {DEPTH_MAX} deep")
    return root


def _deeper(root: etree._Element, most: int) -> bool:
    level = [root]
    for _ in range(most):
        level = [child for one in level for child in one]
        if not level:
            return False
    return True


def valid(root: etree._Element, kind: str) -> None:
    """Raises `Unreadable` at the first place where the tree leaves the schema of this kind."""
    checked = schema(kind)
    if not checked.validate(root):
        faults: Any = checked.error_log
        fault = faults[0]
        raise Unreadable(_place(root, fault.path) or f"/line/{fault.line}", f"leaves the schema {kind} ({fault.type_name.lower()})")


def _place(root: etree._Element, path: str | None) -> str:
    """The element's place by names, such as `/Document/BkToCstmrStmt/Stmt`."""
    found = root.getroottree().xpath(path) if path else []
    first_of = found[0] if isinstance(found, list) and found else None
    return where(first_of) if isinstance(first_of, etree._Element) else ""


def where(element: etree._Element) -> str:
    """An element's place by names, with its number where it has sisters of its name."""
    parts = []
    here: etree._Element | None = element
    while here is not None:
        above = here.getparent()
        name = etree.QName(here).localname
        sisters = [] if above is None else [one for one in above if one.tag == here.tag]
        parts.append(name if len(sisters) < 2 else f"{name}/{sisters.index(here) + 1}")
        here = above
    return "/" + "/".join(reversed(parts))


def first(element: etree._Element, *names: str) -> etree._Element | None:
    """The first element down this path of local names."""
    here: etree._Element | None = element
    for name in names:
        if here is None:
            return None
        here = next((one for one in here if etree.QName(one).localname == name), None)
    return here


def each(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (one for one in element if etree.QName(one).localname == name)


def text(element: etree._Element | None, *names: str) -> str:
    found = None if element is None else first(element, *names)
    return "" if found is None or found.text is None else found.text.strip()


def fen(element: etree._Element) -> int:
    """An amount in yuan as whole fen, from its digits and never by way of a float."""
    currency = element.get("Ccy")
    if currency not in (None, "CNY"):
        raise Unreadable(where(element) + "/@Ccy", "amounts are in CNY")
    found = _AMOUNT.fullmatch((element.text or "").strip())
    if found is None:
        raise Unreadable(where(element), "an amount has digits, and at most two after the point")
    value = int(found[1]) * 100 + int(((found[2] or "") + "00")[:2])
    if value > FEN_MAX:
        raise Unreadable(where(element), f"an amount is at most {FEN_MAX} fen")
    return value


def yuan(fen_: int) -> str:
    """Whole fen as the amount of a file."""
    return f"{fen_ // 100}.{fen_ % 100:02d}"
