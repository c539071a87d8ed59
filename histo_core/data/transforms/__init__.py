"""The only transforms: preprocessing, augmentation, stains."""
