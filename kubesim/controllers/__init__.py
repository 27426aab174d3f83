"""Floor 4, the controllers: each watches the store and moves what is towards what should be."""
