"""Explanation methods. Importing a method registers it in `EXPLAINERS`.

Example:
    >>> from histo_core.explanation import EXPLAINERS
    >>> EXPLAINERS["gradcam"].title, EXPLAINERS["lime"].title
    ('Grad-CAM', 'LIME')
"""

from histo_core.explanation import gradcam, lime  # noqa: F401 (they register themselves)
from histo_core.explanation.api import explain
from histo_core.explanation.base import EXPLAINERS, Explainer, Explanation

__all__ = ["EXPLAINERS", "Explainer", "Explanation", "explain"]
