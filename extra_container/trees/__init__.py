"""Directory trees and the mounts in them: removed whole, and nothing else with them."""
