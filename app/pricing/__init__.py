"""What an exchange cost: tokens times published prices, or null with the reason.

    pricer.py     `Pricer.price(record) -> Cost`: the one entry, cached lookups around pure steps
    overrides.py  our own price file (config/prices.toml, and an operator's): asked first
    catalog.py    the published prices in the package genai-prices: asked second, never updated
                  over the network
    schedule.py   the prices of one model over time: which rates are valid at a given moment
    rates.py      rates times counts in exact integers, rounded once, half to even

Costs are integer nano-USD (10^-9 USD). They cover tokens of every kind, tiers by the prompt's
length and by service tier (batch, flex, priority), fees per request, web searches, images and
hours of sound. Free quotas, minimum charges and contracts are not in the record, so not in it.
Unknown is never 0: what cannot be priced exactly is null, with an `UnpricedReason`.
"""

from app.pricing.pricer import Pricer

__all__ = ["Pricer"]
