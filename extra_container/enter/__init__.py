"""The program that enters a running container. It is started on its own, so it imports nothing that takes time."""
