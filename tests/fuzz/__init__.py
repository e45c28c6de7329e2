"""Fuzzers: random designs for every kernel, and damaged texts for every reader.

``make fuzz`` runs both for a minute each, ``make fuzz ARGS="--seconds 600"`` for longer. Each can
be run alone, see the first lines of :mod:`tests.fuzz.designs` and :mod:`tests.fuzz.texts`.
"""
