"""Images of designs and routes, in the folders and names of CircuitNet."""
