"""What makes it see-through: the arithmetic, the checks, the drawings. Each module is imported when it is used."""
