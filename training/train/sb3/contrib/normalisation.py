"""Normalisations of CrossQ, taken into the linear layers behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from hedge_env.training.train.sb3.contrib.package import contrib_classes


def without_normalisation(modules: Iterable[nn.Module]) -> list[nn.Module]:
    r"""The same layers with every normalisation taken into the linear one behind it.

    .. math:: W \left( s \frac{x - m}{\sqrt{v + \epsilon}} + b \right) + c
              = W' x + c', \quad W' = W \operatorname{diag}(a), \;
              c' = c + W (b - a m), \; a = \frac{s}{\sqrt{v + \epsilon}}

    with running mean m and variance v, as in evaluation.

    Args:
        modules: Of one network, in order; normalisations of sb3-contrib alone are taken
            in, all others stay.
    """
    kinds = contrib_classes("common.torch_layers.BatchRenorm1d")
    found: list[nn.Module] = []
    waiting: Any = None
    for module in modules:
        if type(module) in kinds:
            if waiting is not None:
                found.append(waiting)
            waiting = module
        elif waiting is not None and type(module) is nn.Linear:
            found.append(_folded(waiting, module))
            waiting = None
        else:
            found += [module] if waiting is None else [waiting, module]
            waiting = None
    return found if waiting is None else [*found, waiting]


def _folded(norm: Any, linear: nn.Linear) -> nn.Linear:
    with torch.no_grad():
        mean, variance = norm.ra_mean.double(), norm.ra_var.double()
        scale = 1.0 / (variance + norm.eps).sqrt()
        shift = -mean * scale
        if norm.affine:
            scale = norm.scale.double() * scale
            shift = norm.bias.double() - mean * scale
        weight = linear.weight.double()
        bias = weight @ shift
        if linear.bias is not None:
            bias = bias + linear.bias.double()
        made = nn.Linear(linear.in_features, linear.out_features)
        made.weight.copy_((weight * scale).float())
        made.bias.copy_(bias.float())
    return made
