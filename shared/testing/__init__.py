"""The test vocabulary: given/when/then, suites that hold every store and bus to the same promises."""
