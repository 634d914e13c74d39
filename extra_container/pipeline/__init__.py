"""The pipeline: build, plan, install, run; and the way back."""
