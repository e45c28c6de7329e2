"""The neural half: windows, model, decoding, inference engines."""
