"""What people see: text, tables and the structured log."""
