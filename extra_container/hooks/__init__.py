"""The hooks of plugins: declared, found, loaded, called."""
