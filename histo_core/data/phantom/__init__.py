"""Phantom tissue: synthetic patches with patients, slides, scanners and tumour masks."""
