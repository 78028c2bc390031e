"""What can be wrong with a transformation; every message is one sentence for its author."""


class TransformationError(ValueError):
    """The text does not say a transformation that can be carried out on this picture."""


class TooMuchError(TransformationError):
    """It says one, but carrying it out would take more than is allowed."""
