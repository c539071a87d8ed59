"""Augmentation: draw the parameters, then apply them on the CPU or another device."""
