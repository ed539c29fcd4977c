"""The labelled narratives of triage: read, learnt from, and scored against."""
