"""The mechanism, once: how to decide, store, publish, consume and serve, with no word about a case."""
