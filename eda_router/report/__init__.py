"""Pictures and pages of a design and its routes.

``congestion`` and ``nets`` turn a design and its routes into plain arrays and need NumPy alone,
``plots`` and ``curves`` draw with matplotlib, ``page`` writes one self-contained HTML file, and
``compare`` sets the routes of several runs side by side.
"""
