"""Search on the grid: Numba kernels over flat arrays, without Python objects, settings or state."""
