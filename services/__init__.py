"""Four rooms of one house; none may look into another."""
