"""Pictures and pages of a design and its routes.

``congestion``, ``nets`` and ``bounds`` turn a design and its routes into plain arrays. ``plots``,
``net_plots``, ``drawing`` and ``curves`` draw with matplotlib, which the first picture imports;
``album`` pictures a training while it runs. ``page`` writes one self-contained HTML file of one run
or several, ``compare`` tells in words how they differ.
"""
