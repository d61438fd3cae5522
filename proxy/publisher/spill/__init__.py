"""The local spill."""
