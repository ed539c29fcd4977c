"""What any bank can be asked, and which of ours the settings choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.disbursement.bank.folder import FolderBank
from services.disbursement.bank.http import HttpBank
from shared.room import Room

Said = Mapping[str, Mapping[str, Any]]  # a bank's status by end-to-end id


class Bank(Protocol):
    """Every call may be made again with the same ids or bytes; a bank takes them as the same."""

    at_once: bool
    """Whether a payout is told the moment it is approved; else it waits for a payment file."""

    async def tell(self, payments: Sequence[Mapping[str, Any]]) -> Said:
        """The status of those that were answered for; no answer is no no."""

    async def found(self, ids: Sequence[str]) -> Said | None:
        """What it knows of these; None when it does not say."""

    async def hand_over(self, name: str, content: bytes) -> None:
        """Give it a payment file; raises when it may not have it."""


def bank_of(room: Room) -> Bank:
    settings = room.settings
    return FolderBank(settings.bank_folder) if settings.bank == "folder" else HttpBank(room.http, settings.bank_url)
