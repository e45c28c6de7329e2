"""Training samples: the teacher, states of ledgers and random windows, shards on disk; no Keras."""
