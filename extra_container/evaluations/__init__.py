"""The record of what an evaluation could see, so that it can be left out while all of that is the same."""
