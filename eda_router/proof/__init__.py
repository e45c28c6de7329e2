"""Proof: lower bounds on overflow and wirelength, certificates, and their checker."""
