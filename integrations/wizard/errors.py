"""What a step of set-up may refuse."""


class SetupError(Exception):
    """It could not be done. `str()` is a sentence for the person."""
