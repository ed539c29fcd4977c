"""Files of reports as people have them: packed or not, in the encodings of the country, as lines of JSON or as a table."""
