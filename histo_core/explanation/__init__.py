"""Explanations. Importing a member registers it."""

from histo_core.explanation import gradcam, lime

__all__ = ["gradcam", "lime"]
