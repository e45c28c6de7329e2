"""Search kernels: numba functions over flat arrays, without Python objects, Keras or click."""
