"""Views of the records: words, tables (pandas) and pictures (Graphviz). They show what happened and compute nothing.

Every picture has a table and a text that say the same, because a picture alone is closed to some readers.
"""
