"""Kinds of events, by what they are about; :mod:`extra_container.model.events` has all of them."""
