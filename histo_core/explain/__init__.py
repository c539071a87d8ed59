"""Explanations. Importing a member registers it."""

from histo_core.explain import gradcam, lime

__all__ = ["gradcam", "lime"]
