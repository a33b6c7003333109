"""pellucid: neural networks you can see through."""
