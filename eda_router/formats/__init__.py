"""Readers and writers of design and route files."""
