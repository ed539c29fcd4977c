"""The broker's jars and how to run one by hand."""
