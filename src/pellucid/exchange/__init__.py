"""What goes out and comes in: model files and checkpoints."""
