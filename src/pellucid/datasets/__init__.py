"""Data sets to learn on: made ones, a real one, and those in files of arrays."""

from pellucid.datasets.ceiling import spiral_ceiling
from pellucid.datasets.files import read
from pellucid.datasets.handwritten import digits
from pellucid.datasets.idx import read_idx
from pellucid.datasets.made import blobs, circles, moons, plane, sine, spiral, vertical, waves, xor
from pellucid.datasets.names import BY_NAME, make
from pellucid.datasets.npy import read_npy, read_npz
from pellucid.datasets.splitting import split

__all__ = [
    "BY_NAME",
    "blobs",
    "circles",
    "digits",
    "make",
    "moons",
    "plane",
    "read",
    "read_idx",
    "read_npy",
    "read_npz",
    "sine",
    "spiral",
    "spiral_ceiling",
    "split",
    "vertical",
    "waves",
    "xor",
]
