"""The rules of the house as functions from sources to complaints, one line each.

    sources.py   a source file: its path, its module name, its text and tree
    imports.py   which folder may import which; nobody imports the composition root
    sizes.py     lines of modules and functions
    words.py     docstrings and maps; file names that say nothing; fields that nobody reads
    privacy.py   private names of other objects outside the engine
    mirrors.py   a source file without its unit tests
    texts.py     machine paths, registry hosts and pages elsewhere, in any tracked file

Every function is tested on small bad samples, so that a rule that finds nothing is known to look.
"""
