"""What kubectl prints of objects: tables, YAML, JSON, names, templates and columns of one's own."""
