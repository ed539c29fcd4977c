"""The page frame every room shares: layout, languages, log-in."""
