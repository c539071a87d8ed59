"""Explanation methods. Importing a method's module registers it."""

from histo_core.explanation import gradcam, lime

__all__ = ["gradcam", "lime"]
