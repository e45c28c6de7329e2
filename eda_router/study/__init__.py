"""The study: named variants of one training, side by side on the same data and budget."""
