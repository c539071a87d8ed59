"""Augmentation: draw the parameters, then carry them out on the CPU or another device."""
