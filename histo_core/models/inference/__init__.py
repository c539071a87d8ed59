"""Apply trained weights: prediction, test-time augmentation, Grad-CAM's layer."""
