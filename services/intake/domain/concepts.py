"""What people speak of, whatever the words: each idea with its words in plain Chinese writing and in English, for the model to weigh.

An idea decides nothing by itself; the model learns what it means, alone and beside others. An English word stands for every word that
begins with it, unless it has four letters or fewer. Append freely, then build the model anew (`make triage`).
"""

from __future__ import annotations

from services.intake.domain.ideas_of_danger import IDEAS_OF_DANGER
from services.intake.domain.ideas_of_hardship import IDEAS_OF_HARDSHIP

CONCEPTS: dict[str, str] = {**IDEAS_OF_DANGER, **IDEAS_OF_HARDSHIP}
