"""Transforms: preprocessing, augmentation, stains; no other package transforms pixels."""
