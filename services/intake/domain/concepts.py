"""What people speak of, whatever the words: each idea with its words in plain Chinese writing and in English, for the model to weigh.

An idea decides nothing by itself; the model learns what it means, alone and beside others. An English word stands for every word that
begins with it, unless it has four letters or fewer. Append freely, then build the model anew (`make triage`).
"""

from __future__ import annotations

from services.intake.domain.ideas_in_other_words import IDEAS_IN_OTHER_WORDS
from services.intake.domain.ideas_of_danger import IDEAS_OF_DANGER
from services.intake.domain.ideas_of_hardship import IDEAS_OF_HARDSHIP

_LISTS = (IDEAS_OF_DANGER, IDEAS_OF_HARDSHIP, IDEAS_IN_OTHER_WORDS)
_NAMES = dict.fromkeys([name for words in _LISTS for name in words])

CONCEPTS: dict[str, str] = {name: " ".join([words[name] for words in _LISTS if name in words]) for name in _NAMES}
