"""Networks, their weights and inference. Importing the package registers every network of the zoo."""

from histo_core.models import zoo

__all__ = ["zoo"]
