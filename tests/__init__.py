"""The test suite: unit, property, contract, golden, integration, chaos, bench, e2e."""
