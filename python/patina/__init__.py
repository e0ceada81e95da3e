# SPDX-License-Identifier: MIT
"""Training data from captioned audio.

    patina.generate(corpus=..., model=..., out=...)    makes a training set
    patina.load(out)                                   its rows, for PyTorch if that is installed
    patina.inspect(out)                                its statistics; also verify, finish, merge
    patina.measure(samples, sample_rate)               the physical targets of audio
    patina.degrade(samples, sample_rate, seed=1)       a degraded copy and its recipe
    patina.Degrade(p=0.5)                              a transform for a training loop
    patina.Model(name)                                 CLAP embeddings of captions and audio
    patina.effects()                                   the effects and their ranges
    patina.fetch(name)                                 downloads a model or a data set
"""

from patina._audio import Degraded, Targets, degrade, measure
from patina._commands import effects, fetch, finish, inspect, merge, verify
from patina._degrade import Degrade
from patina._generate import generate
from patina._load import load
from patina._model import Model
from patina._native import Error, version
from patina._rows import LTAS_CENTERS_HZ, LTAS_EDGES_HZ, Rows

__version__ = version()
__all__ = ["Degrade", "Degraded", "Error", "LTAS_CENTERS_HZ", "LTAS_EDGES_HZ", "Model", "Rows", "Targets",
           "__version__", "degrade", "effects", "fetch", "finish", "generate", "inspect", "load", "measure",
           "merge", "verify"]
