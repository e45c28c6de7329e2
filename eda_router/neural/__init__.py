"""The neural half: windows, model, engines, and what takes a window to a tree."""
