"""The program killed, or let down by the system, at every change that it makes to the host; see docs/reliability.md."""
