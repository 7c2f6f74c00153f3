r"""How long nothing is delivered by a policy that goes on with what is left: a bound that holds for certain.

With ``W`` the time from one delivery to the next, nothing is delivered in a stretch of length ``t`` that begins at any
moment with probability :math:`\nu\, E[(W - t)^+]`, where :math:`\nu` counts moments of delivery per unit of time. Since
:math:`(x - t)^+ \le e^{\theta (x - t)} / (e\,\theta)`, that is at most

.. math:: \frac{\nu}{e\,\theta}\, e^{-\theta t}\, E[e^{\theta W}], \qquad \theta > 0 ,

and :math:`h = E[e^{\theta W}]` solves :math:`h = e^{\theta \tau} (Q h + R)` along the policy, with :math:`Q` what leads
on without a delivery and :math:`R` the probability of one, as long as the solution is finite.
"""

from __future__ import annotations

from math import inf, log

import numpy as np
from scipy import sparse

from lpdistill.rates.law import Steps

TRIED = 60
"""Rates of decay that are tried, in units of the rate of deliveries, from a twentieth to twenty."""


def longest_silence(steps: Steps, alpha: float) -> float:
    """A length that a stretch without a delivery has with at most a given probability.

    Parameters
    ----------
    steps
        The columns of the policy in its closed class.
    alpha
        The probability.
    """
    quiet = sum(sparse.diags_array((amounts == 0) * 1.0) @ move for amounts, move in steps.outcomes)
    loud = sum(sparse.diags_array((amounts != 0) * 1.0) @ move for amounts, move in steps.outcomes)
    start = steps.rates @ loud
    often, found = float(start.sum()), inf
    for theta in often * np.geomspace(0.05, 20, TRIED):
        grown = np.exp(theta * steps.times)
        system = sparse.eye_array(steps.mixture.shape[0]) - steps.mixture @ sparse.diags_array(grown) @ quiet
        try:
            moments = sparse.linalg.splu(sparse.csc_array(system)).solve(steps.mixture @ (grown * loud.sum(axis=1)))
        except RuntimeError:  # it is singular: here the moment becomes infinite
            break
        if not (moments >= 1).all():  # beyond, what solves the equations is no moment
            break
        found = min(found, log(float(start @ moments) / (np.e * theta * alpha)) / theta)
    return float(found)
