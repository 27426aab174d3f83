"""One module per kind of file: ``run(path, document)`` yields a Result per case."""
