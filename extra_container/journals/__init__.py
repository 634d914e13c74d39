"""What containers and their supervisors wrote, and what happened to containers, read from journals."""
