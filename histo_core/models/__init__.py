"""Networks, their weights, and what applies them. Importing the package registers every network of the zoo."""

from histo_core.models import zoo

__all__ = ["zoo"]
