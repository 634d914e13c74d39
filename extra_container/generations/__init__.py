"""What containers were before: numbered generations, each with GC roots of its own."""
