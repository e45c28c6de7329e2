"""The neural half: windows, model, engines, and what takes a window to a tree."""

from eda_router.neural.quiet import mute_tensorflow

# Before anything of this folder or above it can import TensorFlow.
mute_tensorflow()
