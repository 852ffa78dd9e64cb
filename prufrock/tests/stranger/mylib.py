"""A stranger's code: the northwest-corner rule (feasible, but rarely cheapest) and a small exact solver."""

import itertools

import numpy as np


def northwest(a, b, cost):
    """Fill from the north-west corner; the cost is not looked at."""
    a, b = np.array(a), np.array(b)
    plan = np.zeros((len(a), len(b)))
    i = j = 0
    while i < len(a) and j < len(b):
        moved = min(a[i], b[j])
        plan[i, j] += moved
        a[i] -= moved
        b[j] -= moved
        if a[i] <= b[j] and i < len(a) - 1:
            i += 1
        else:
            j += 1
    return plan


def cancelled(a, b, cost):
    """The northwest plan, improved along cycles until no reordering of rows and columns starts a cheaper one."""
    orders = itertools.product(itertools.permutations(range(len(a))), itertools.permutations(range(len(b))))
    best, plan = np.inf, None
    for rows, columns in orders:
        trial = np.zeros((len(a), len(b)))
        trial[np.ix_(rows, columns)] = northwest(a[list(rows)], b[list(columns)], cost)
        if (trial * cost).sum() < best:
            best, plan = (trial * cost).sum(), trial
    return plan
