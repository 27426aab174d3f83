"""The API server's floor: objects, decoding, defaults, validation, allocation, storage and watch."""
