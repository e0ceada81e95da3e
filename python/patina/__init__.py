# SPDX-License-Identifier: MIT
"""Training data from captioned audio.

    patina.generate(corpus=..., model=..., out=...)    a training set, as the command makes it
    patina.load(out)                                   its rows, for PyTorch where that is installed
    patina.measure(samples, rate)                      the physical targets of a sound
    patina.degrade(samples, rate, seed=1)              a damaged copy and its recipe
    patina.Model(folder)                               CLAP embeddings of captions and sounds
"""

from patina._generate import generate
from patina._load import load
from patina._model import Model
from patina._native import Error, version
from patina._rows import Rows
from patina._audio import Degraded, Targets, degrade, measure

__version__ = version()
__all__ = ["Degraded", "Error", "Model", "Rows", "Targets", "__version__", "degrade", "generate",
           "load", "measure"]
