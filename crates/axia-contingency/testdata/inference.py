"""Reference values for the tests of axia-contingency: strata, several labels, users, weights, comparisons, intervals.
Writes inference.json beside this file.

Made with Python 3.11, mpmath 1.4.1, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0:
    pip install mpmath==1.4.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python inference.py

Values are exact fractions, or 50-digit mpmath numbers, rounded once to a double, from the definitions by plain loops. They are
compared with scipy or statsmodels where these have them; a difference stops the script. The Rust tests compare at a relative
tolerance of 1e-12, and of 1e-9 for what is found by iteration.
"""
import json
import math
import pathlib
from fractions import Fraction as F
from itertools import product

import mpmath as mp
import numpy as np
from scipy import stats
from statsmodels.stats import multitest, proportion
from statsmodels.stats.contingency_tables import SquareTable, StratifiedTable

mp.mp.dps = 50
Z = mp.sqrt(2) * mp.erfinv(mp.mpf("0.95"))


def real(x):
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, F) else mp.mpf(x)


def double(x):
    if x is None or isinstance(x, (int, str, bool)):
        return x
    if isinstance(x, dict):
        return {key: double(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [double(value) for value in x]
    if isinstance(x, F) and x.denominator == 1:
        return float(x)
    return float(real(x)) if not isinstance(x, float) else x


def check(name, ours, theirs, relative=1e-9, absolute=1e-12):
    a, b = float(real(ours)), float(theirs)
    if abs(a - b) > relative * abs(b) + absolute:
        raise SystemExit(f"{name}: {a!r} instead of {b!r}")


def chi_square_ln_p(x, dof):
    return mp.log(mp.gammainc(real(dof) / 2, real(x) / 2, mp.inf, regularized=True))


def normal_ln_p(z):
    return mp.log(mp.erfc(abs(real(z)) / mp.sqrt(2)))


def f_upper(f, a, b):
    """Upper tail of the F distribution."""
    a, b, f = real(a), real(b), real(f)
    return mp.betainc(b / 2, a / 2, 0, b / (b + a * f), regularized=True)


def student_quantile(dof):
    """The t that Student's distribution stays within with probability .95."""
    start = stats.t.ppf(0.975, float(dof))
    return mp.findroot(lambda t: f_upper(t * t, 1, dof) - mp.mpf("0.05"), start)


class SplitMix:
    def __init__(self, seed):
        self.state = seed

    def unit(self):
        mask = 2**64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) * 2.0**-53


# ---------------------------------------------------------------------------------------------------------------- strata
STRATA = {
    "death_penalty": [[53, 414, 11, 37], [0, 16, 4, 139]],
    "china_smoking": [[126, 100, 35, 61], [908, 688, 497, 807], [913, 747, 336, 598], [235, 172, 58, 121],
                      [402, 308, 121, 215], [182, 156, 72, 98], [60, 99, 11, 43], [104, 89, 21, 36]],
    "reversal": [[90, 10, 800, 200], [200, 800, 10, 90]],
    "empty_line": [[10, 20, 5, 25], [0, 0, 7, 9], [12, 8, 6, 14]],
}


def stratified(tables):
    excess = variance = F(0)
    r = t = pr = mixed = qt = F(0)
    ratio = [F(0), F(0), F(0)]
    difference, weight = F(0), F(0)
    for a, b, c, d in tables:
        n, row, other, col = a + b + c + d, a + b, c + d, a + c
        if min(row, other, col, n - col) > 0:
            excess += a - F(row * col, n)
            variance += F(row * other * col * (n - col), n * n * (n - 1))
        r_k, t_k, p_k, q_k = F(a * d, n), F(b * c, n), F(a + d, n), F(b + c, n)
        r, t, pr, mixed, qt = r + r_k, t + t_k, pr + p_k * r_k, mixed + p_k * t_k + q_k * r_k, qt + q_k * t_k
        ratio[0] += F(a * other, n)
        ratio[1] += F(c * row, n)
        ratio[2] += F(row * other * col - a * c * n, n * n)
        if row and other:
            difference += F(a * other - c * row, n)
            weight += F(row * other, n)
    odds = r / t
    error = mp.sqrt(real(pr / (2 * r * r) + mixed / (2 * r * t) + qt / (2 * t * t)))
    ratio_error = mp.sqrt(real(ratio[2] / (ratio[0] * ratio[1])))
    # Breslow and Day at the common odds ratio.
    chi, gaps, spreads, used = mp.mpf(0), mp.mpf(0), mp.mpf(0), 0
    for a, b, c, d in tables:
        n, row, other, col = a + b + c + d, a + b, c + d, a + c
        if min(row, other, col, n - col) == 0:
            continue
        used += 1
        psi = real(odds)
        lead, linear, last = psi - 1, other - col + psi * (row + col), psi * row * col
        low, high = max(0, col - other), min(row, col)
        roots = [(linear + s * mp.sqrt(linear**2 - 4 * lead * last)) / (2 * lead) for s in (1, -1)] if lead else [last / linear]
        (e,) = [x for x in roots if low < x < high]
        v = 1 / sum(1 / x for x in (e, row - e, col - e, other - col + e))
        chi, gaps, spreads = chi + (a - e) ** 2 / v, gaps + a - e, spreads + v
    tarone = chi - gaps**2 / spreads
    cmh = excess * excess / variance
    corrected = max(F(0), abs(excess) - F(1, 2)) ** 2 / variance
    half = F(1, 2) if any(0 in table for table in tables) else F(0)
    logs = [(mp.log(real((a + half) * (d + half) / ((b + half) * (c + half)))), 1 / real(sum(1 / (F(x) + half) for x in (a, b, c, d))))
            for a, b, c, d in tables]
    mean = sum(x * w for x, w in logs) / sum(w for _, w in logs)
    woolf = sum(w * (x - mean) ** 2 for x, w in logs)
    peer = StratifiedTable([np.array([[a, b], [c, d]], float) for a, b, c, d in tables if (a + b) and (c + d)])
    check("MH odds ratio", odds, peer.oddsratio_pooled)
    check("MH risk ratio", ratio[0] / ratio[1], peer.riskratio_pooled)
    check("CMH", cmh, peer.test_null_odds().statistic)
    check("Breslow-Day", chi, peer.test_equal_odds().statistic, 1e-7)
    check("Tarone", tarone, peer.test_equal_odds(adjust=True).statistic, 1e-7)
    low, high = peer.oddsratio_pooled_confint()
    check("MH interval", mp.exp(mp.log(real(odds)) - Z * error), low)
    check("MH interval", mp.exp(mp.log(real(odds)) + Z * error), high)
    return {
        "tables": tables, "cmh": cmh, "z": mp.sign(real(excess)) * mp.sqrt(real(cmh)), "ln_p": chi_square_ln_p(cmh, 1),
        "cmh_continuity": corrected, "odds_ratio": odds,
        "odds_ratio_95": [real(odds) * mp.exp(s * Z * error) for s in (-1, 1)],
        "risk_ratio": ratio[0] / ratio[1],
        "risk_ratio_95": [real(ratio[0] / ratio[1]) * mp.exp(s * Z * ratio_error) for s in (-1, 1)],
        "risk_difference": difference / weight,
        "breslow_day": chi, "breslow_day_ln_p": chi_square_ln_p(chi, used - 1), "tarone": tarone, "strata": used,
        "woolf": woolf, "woolf_pooled": mean, "half_added": bool(half),
    }


# Agresti (2002), table 7.8: income by job satisfaction, women and men; R datasets::HairEyeColor by sex and ::Titanic (class by
# survival, by sex). The statistics that R's mantelhaen.test prints are compared.
GENERALIZED = {
    "satisfaction": ([[[1, 3, 11, 2], [2, 3, 17, 3], [0, 1, 8, 5], [0, 2, 4, 2]],
                      [[1, 1, 2, 1], [0, 3, 5, 1], [0, 0, 7, 3], [0, 1, 9, 6]]], "10.2000887577686", 9),
    "hair_eye_by_sex": ([[[32, 11, 10, 3], [53, 50, 25, 15], [10, 10, 7, 7], [3, 30, 5, 8]],
                         [[36, 9, 5, 2], [66, 34, 29, 14], [16, 7, 7, 7], [4, 64, 5, 8]]], None, 9),
    "titanic_by_sex": ([[[118, 62], [154, 25], [422, 88], [670, 192]],
                        [[4, 141], [13, 93], [106, 90], [3, 20]]], None, 3),
}


def generalized(strata, printed, dof):
    r, c = len(strata[0]), len(strata[0][0])
    places = [(i, j) for i in range(r - 1) for j in range(c - 1)]
    excess, covariance = [F(0)] * dof, [[F(0)] * dof for _ in range(dof)]
    for table in strata:
        n = sum(map(sum, table))
        rows, cols = [sum(line) for line in table], [sum(line) for line in zip(*table)]
        for p, (i, j) in enumerate(places):
            excess[p] += table[i][j] - F(rows[i] * cols[j], n)
            for q, (k, l) in enumerate(places):
                covariance[p][q] += F(rows[i] * ((i == k) * n - rows[k]) * cols[j] * ((j == l) * n - cols[l]), n * n * (n - 1))
    u = mp.matrix([real(x) for x in excess])
    v = mp.matrix([[real(x) for x in line] for line in covariance])
    statistic = (u.T * mp.lu_solve(v, u))[0]
    if printed:
        check("generalized CMH", statistic, printed)
    return {"strata": strata, "statistic": statistic, "dof": dof, "ln_p": chi_square_ln_p(statistic, dof)}


# ------------------------------------------------------------------------------------- conversations with users and weights
def conversations():
    """Tasks 0..2, AI values 0..4, human values 0..3, response types 0..2; users with one to five conversations."""
    random, all_of = SplitMix(20_261), []
    for user in range(26):
        own, habit = int(3 * random.unit()), [random.unit() < 0.3 for _ in range(5)]
        for _ in range(1 + int(5 * random.unit())):
            task = own if random.unit() < 0.7 else int(3 * random.unit())
            length = 0.5 + random.unit()
            ai = [v for v in range(5) if random.unit() < length * (0.6 if habit[v] else 0.2 + 0.1 * (v == task))]
            human = [v for v in range(4) if random.unit() < length * (0.35 + 0.2 * (v in ai))]
            weight = [0.5, 1.0, 1.5, 2.0, 3.25][int(5 * random.unit())]
            all_of.append({"user": user, "task": task, "ai": ai, "human": human, "response": int(3 * random.unit()), "weight": weight})
    return all_of


DATA = conversations()
N = len(DATA)
USERS = sorted({c["user"] for c in DATA})
G = len(USERS)


def by_user(scores):
    """Variance of a sum of scores by user, with the factor G / (G - 1)."""
    sums = {user: mp.mpf(0) for user in USERS}
    for c, score in zip(DATA, scores):
        sums[c["user"]] += score
    return sum(s * s for s in sums.values()) * G / (G - 1)


def has(facet, label):
    return [int(c[facet] == label if isinstance(c[facet], int) else label in c[facet]) for c in DATA]


def pair(row, col, weights=None):
    """One 2 x 2 table of conversations: score, odds, difference and ratio with variances by user."""
    w = [F(x).limit_denominator(64) for x in weights] if weights else [F(1)] * N
    x, y, whole = has("task", row), has("ai", col), sum(w)
    a, b = sum(k for k, i, j in zip(w, x, y) if i and j), sum(k for k, i, j in zip(w, x, y) if i and not j)
    c, d = sum(k for k, i, j in zip(w, x, y) if j and not i), sum(k for k, i, j in zip(w, x, y) if not i and not j)
    p, q = F(sum(k * i for k, i in zip(w, x)), whole), F(sum(k * j for k, j in zip(w, y)), whole)
    scores = [real(k * (i - p) * (j - q)) for k, i, j in zip(w, x, y)]
    total, variance = sum(scores), by_user(scores)
    result = {"row": row, "col": col, "robust_residual": total / mp.sqrt(variance)}
    if weights is None:
        n = F(N)
        result["adjusted_residual"] = total / mp.sqrt(real(n * p * (1 - p) * q * (1 - q)))
        result["design_effect"] = variance / real(n * p * (1 - p) * q * (1 - q))
    psi = [real(k) * (1 if i == j else -1) / real({(1, 1): a, (1, 0): b, (0, 1): c, (0, 0): d}[i, j]) for k, i, j in zip(w, x, y)]
    odds_variance = by_user(psi)
    quantile = student_quantile(G - 1)
    log_odds = mp.log(real(a * d / (b * c)))
    result["log_odds_ratio"] = [log_odds + s * quantile * mp.sqrt(odds_variance) for s in (0, -1, 1)]
    if weights is None:
        chi = (a * d - b * c) ** 2 * whole / ((a + b) * (c + d) * (a + c) * (b + d))
        effect = odds_variance / real(sum(F(1) / k for k in (a, b, c, d)))
        result["rao_scott_ln_p"] = mp.log(f_upper(real(chi) / effect, 1, G - 1))
    inside, outside = a + b, c + d
    one, other = a / inside, c / outside
    slope = [real(k * ((j - one) / inside if i else -(j - other) / outside)) for k, i, j in zip(w, x, y)]
    error = quantile * mp.sqrt(by_user(slope))
    result["risk_difference"] = [real(one - other) + s * error for s in (0, -1, 1)]
    slope = [real(k * ((j - one) / inside / one if i else -(j - other) / outside / other)) for k, i, j in zip(w, x, y)]
    error = quantile * mp.sqrt(by_user(slope))
    result["risk_ratio"] = [real(one / other) * mp.exp(s * error) for s in (0, -1, 1)]
    result["shares"] = [real(p), real(q), real(one)]
    return result


def mention(row, col):
    x, y, t = has("task", row), has("ai", col), [len(c["ai"]) for c in DATA]
    p, s = F(sum(x), N), F(sum(y), sum(t))
    scores = [real((i - p) * (j - s * k)) for i, j, k in zip(x, y, t)]
    return {"row": row, "col": col, "robust_residual": sum(scores) / mp.sqrt(by_user(scores))}


def prevalence(col, weights=None):
    w = [F(x).limit_denominator(64) for x in weights] if weights else [F(1)] * N
    y, whole = has("ai", col), sum(w)
    p = F(sum(k * j for k, j in zip(w, y)), whole)
    variance = by_user([real(k * (j - p)) for k, j in zip(w, y)]) / real(whole) ** 2
    plain = real(p * (1 - p)) / N
    effect = variance / plain
    # Korn and Graubard's effective number, and Wilson's interval there.
    quantile = student_quantile(G - 1)
    n = N / max(effect, 1) * (Z / quantile) ** 2
    v, z2 = real(p), Z * Z
    root = Z * mp.sqrt(z2 + 4 * n * v * (1 - v))
    return {"category": col, "count": sum(y), "value": p, "design_effect": effect, "n_effective": n,
            "interval": [(2 * n * v + z2 + s * root) / (2 * (n + z2)) for s in (-1, 1)]}


def rao_scott(col):
    """Tasks by showing a value: second-order correction with users as sampling units."""
    cells = [(i, j) for i in range(3) for j in range(2)]
    y = has("ai", col)
    places = [(c["task"], j) for c, j in zip(DATA, y)]
    p = [F(places.count(cell), N) for cell in cells]
    centred = [[F(int(i == k + 1)) - F(1, 3) for i in range(3)] for k in range(2)]
    contrast = [[centred[k][i] * (int(j == 1) - F(1, 2)) for k in range(2)] for i, j in cells]
    metric = mp.matrix(2, 2)
    for k, l in product(range(2), repeat=2):
        metric[k, l] = real(sum(contrast[m][k] * contrast[m][l] / p[m] for m in range(6)) / N)
    sums = {user: [mp.mpf(0), mp.mpf(0)] for user in USERS}
    for c, place in zip(DATA, places):
        m = cells.index(place)
        for k in range(2):
            sums[c["user"]][k] += real(contrast[m][k] / p[m] / N)
    scatter = mp.matrix(2, 2)
    for s in sums.values():
        for k, l in product(range(2), repeat=2):
            scatter[k, l] += s[k] * s[l] * G / mp.mpf(G - 1)
    delta = mp.inverse(metric) * scatter
    trace, squared = delta[0, 0] + delta[1, 1], sum((delta * delta)[k, k] for k in range(2))
    rows, cols = [sum(p[2 * i : 2 * i + 2]) for i in range(3)], [sum(p[j::2]) for j in range(2)]
    statistic = N * sum((p[2 * i + j] - rows[i] * cols[j]) ** 2 / (rows[i] * cols[j]) for i, j in cells)
    ndf = trace**2 / squared
    return {"value": col, "statistic": statistic, "trace": trace, "trace_squared": squared, "f": real(statistic) / trace,
            "numerator_dof": ndf, "denominator_dof": ndf * (G - 1), "p": f_upper(real(statistic) / trace, ndf, ndf * (G - 1)),
            "p_first_order": mp.exp(chi_square_ln_p(real(statistic) / trace * 2, 2))}


def marginal():
    """Tasks by AI values: eigenvalues of the sum's covariance, by dense matrices."""
    ys = [has("ai", v) for v in range(5)]
    pi = [F(sum(y), N) for y in ys]
    sizes = [sum(has("task", t)) for t in range(3)]
    each = []
    for y, share in zip(ys, pi):
        both = [sum(i * j for i, j in zip(has("task", t), y)) for t in range(3)]
        each.append(sum((k - n * share) ** 2 / (n * share * (1 - share)) for k, n in zip(both, sizes)))
    inside = []
    for t in range(3):
        of = [[y[m] for y in ys] for m in range(N) if DATA[m]["task"] == t]
        mean = [F(sum(line[v] for line in of), len(of)) for v in range(5)]
        inside.append([[F(sum(line[j] * line[l] for line in of), len(of)) - mean[j] * mean[l] for l in range(5)] for j in range(5)])
    share = [F(n, N) for n in sizes]
    average = [[sum(a * s[j][l] for a, s in zip(share, inside)) for l in range(5)] for j in range(5)]
    b = mp.matrix(15, 15)
    for i, k, j, l in product(range(3), range(3), range(5), range(5)):
        own = inside[i][j][l] / share[i] if i == k else 0
        entry = own - inside[i][j][l] - inside[k][j][l] + average[j][l]
        b[5 * i + j, 5 * k + l] = mp.sqrt(real(share[i] * share[k] / (pi[j] * (1 - pi[j]) * pi[l] * (1 - pi[l])))) * real(entry)
    eigen = list(mp.eigsy(b, eigvals_only=True))
    trace, squared = sum(eigen), sum(x * x for x in eigen)
    statistic = sum(each)
    adjusted, dof = real(statistic) * 10 / squared, mp.mpf(100) / squared
    return {"values": each, "statistic": statistic, "trace": trace, "trace_squared": squared,
            "adjusted_statistic": adjusted, "adjusted_dof": dof, "ln_p": chi_square_ln_p(adjusted, dof)}


def pairwise():
    """Human by AI values: the trace of the square from the covariance of all products."""
    xs, ys = [has("human", v) for v in range(4)], [has("ai", v) for v in range(5)]
    p, q = [F(sum(x), N) for x in xs], [F(sum(y), N) for y in ys]
    statistic, columns = F(0), []
    for i, j in product(range(4), range(5)):
        z = [(x - p[i]) * (y - q[j]) for x, y in zip(xs[i], ys[j])]
        spread = p[i] * (1 - p[i]) * q[j] * (1 - q[j])
        statistic += sum(z) ** 2 / (N * spread)
        mean = sum(z) / N
        columns.append([real(v - mean) / mp.sqrt(real(spread)) for v in z])
    squared = mp.mpf(0)
    for one, other in product(columns, repeat=2):
        squared += (sum(a * b for a, b in zip(one, other)) / N) ** 2
    adjusted, dof = real(statistic) * 20 / squared, mp.mpf(400) / squared
    return {"statistic": statistic, "trace_squared": squared, "adjusted_statistic": adjusted, "adjusted_dof": dof,
            "ln_p": chi_square_ln_p(adjusted, dof)}


def within_label_counts(row, col):
    """Human by AI value among conversations with as many labels on both sides: CMH, and the score by user."""
    x, y = has("human", row), has("ai", col)
    key = [(len(c["human"]), len(c["ai"])) for c in DATA]
    excess, variance, scores = F(0), F(0), [mp.mpf(0)] * N
    for k in sorted(set(key)):
        of = [m for m in range(N) if key[m] == k]
        n = len(of)
        if n < 2:
            continue
        r, c = sum(x[m] for m in of), sum(y[m] for m in of)
        excess += sum(x[m] * y[m] for m in of) - F(r * c, n)
        variance += F(r * (n - r) * c * (n - c), n * n * (n - 1))
        for m in of:
            scores[m] = real((x[m] - F(r, n)) * (y[m] - F(c, n)))
    if not variance:
        return None
    spread = by_user(scores)
    return {"row": row, "col": col, "z": real(excess) / mp.sqrt(real(variance)), "robust_z": real(excess) / mp.sqrt(spread),
            "design_effect": spread / real(variance)}


def hypergeometric_central(k, row, col, n):
    low, high = max(0, col - (n - row)), min(row, col)
    mass = {j: F(math.comb(row, j) * math.comb(n - row, col - j), math.comb(n, col)) for j in range(low, high + 1)}
    less, greater = sum(v for j, v in mass.items() if j <= k), sum(v for j, v in mass.items() if j >= k)
    return min(F(1), 2 * min(less, greater))


def two_stage(alpha):
    """Benjamini and Bogomolov: values by Simes' p-values, then their tasks at the share of values selected."""
    by_value = []
    for v in range(5):
        y = has("ai", v)
        by_value.append([hypergeometric_central(sum(i * j for i, j in zip(has("task", t), y)), sum(has("task", t)), sum(y), N)
                         for t in range(3)])

    def step_up(p):
        order, m, running, result = sorted(range(len(p)), key=lambda i: p[i]), len(p), F(1), [F(1)] * len(p)
        for rank in range(m, 0, -1):
            running = min(running, p[order[rank - 1]] * m / rank)
            result[order[rank - 1]] = running
        return result

    simes = [min(p * 3 / rank for rank, p in enumerate(sorted(of), 1)) for of in by_value]
    first = step_up(simes)
    for name, ours in (("BH", step_up(simes)),):
        for mine, theirs in zip(ours, multitest.multipletests([float(s) for s in simes], method="fdr_bh")[1]):
            check(name, mine, theirs)
    selected = [v for v in range(5) if first[v] <= F(alpha).limit_denominator(1000)]
    pairs = []
    for v in range(5):
        for t, p in enumerate(step_up(by_value[v])):
            own = min(F(1), p * F(5, len(selected))) if v in selected else None
            pairs.append({"row": t, "col": v, "p": by_value[v][t], "adjusted": own})
    return {"alpha": alpha, "selected": selected, "pairs": pairs}


def mirroring():
    sets = [(set(c["human"]), set(c["ai"])) for c in DATA]
    eligible = [m for m in range(N) if sets[m][0]]
    mirrored = [m for m in eligible if sets[m][0] & sets[m][1]]
    chance = F(sum(bool(sets[m][0] & ai) for m in eligible for _, ai in sets), N * len(eligible))
    return {"eligible": len(eligible), "mirrored": len(mirrored), "share": F(len(mirrored), len(eligible)), "chance": chance,
            "values": [{"value": v, "both": sum(v in h and v in a for h, a in sets),
                        "expected": F(sum(v in h for h, _ in sets) * sum(v in a for _, a in sets), N)} for v in range(4)]}


def invariance(col):
    sizes = [sum(has("task", t)) for t in range(3)]
    counts = [sum(i * j for i, j in zip(has("task", t), has("ai", col))) for t in range(3)]

    def cv(values, divisor=0):
        mean = sum(values) / F(len(values))
        return mp.sqrt(real(sum((v - mean) ** 2 for v in values) / (len(values) - divisor))) / real(mean)

    rates = [F(k, n) for k, n in zip(counts, sizes)]
    p, whole = F(sum(counts), sum(sizes)), sum(sizes)
    spread = sum(F(n, whole) * (r - p) ** 2 for n, r in zip(sizes, rates))
    noise = sum(F(n, whole) * r * (1 - r) / (n - 1) for n, r in zip(sizes, rates))
    shares = [F(k, sum(counts)) for k in counts]
    return {"contexts": [list(pair) for pair in zip(counts, sizes)], "cv_counts": cv([F(k) for k in counts]),
            "cv_sizes": cv([F(n) for n in sizes]), "cv_rate": cv(rates), "cv_rate_sample": cv(rates, 1),
            "cv_rate_weighted": mp.sqrt(real(spread)) / real(p),
            "cv_rate_adjusted": mp.sqrt(real(max(F(0), spread - noise))) / real(p),
            "entropy_bits": -sum(real(s) * mp.log(real(s), 2) for s in shares if s),
            "divergence": sum(real(s) * mp.log(real(s * whole / n)) for s, n in zip(shares, sizes) if s)}


# ---------------------------------------------------------------------------------------------------------- comparisons
def square(table):
    k = len(table)
    bowker = sum(F((table[i][j] - table[j][i]) ** 2, table[i][j] + table[j][i])
                 for i in range(k) for j in range(i) if table[i][j] + table[j][i])
    dof = sum(1 for i in range(k) for j in range(i) if table[i][j] + table[j][i])
    rows, cols = [sum(line) for line in table], [sum(line) for line in zip(*table)]
    d = mp.matrix([rows[i] - cols[i] for i in range(k - 1)])
    s = mp.matrix(k - 1, k - 1)
    for i, j in product(range(k - 1), repeat=2):
        s[i, j] = rows[i] + cols[i] - 2 * table[i][i] if i == j else -(table[i][j] + table[j][i])
    homogeneity = (d.T * mp.lu_solve(s, d))[0]
    peer = SquareTable(np.array(table, float), shift_zeros=False)
    check("Bowker", bowker, peer.symmetry().statistic)
    check("Stuart-Maxwell", homogeneity, peer.homogeneity().statistic)
    result = {"table": table, "bowker": bowker, "bowker_dof": dof, "bowker_ln_p": chi_square_ln_p(bowker, dof),
              "stuart_maxwell": homogeneity, "stuart_maxwell_dof": k - 1, "stuart_maxwell_ln_p": chi_square_ln_p(homogeneity, k - 1)}
    if k == 2:
        b, c = table[0][1], table[1][0]
        tail = sum(F(math.comb(b + c, j), 2 ** (b + c)) for j in range(min(b, c) + 1))
        result["mcnemar_exact"] = min(F(1), 2 * tail)
        check("McNemar", result["mcnemar_exact"], stats.binomtest(b, b + c).pvalue)
        result["mcnemar_continuity"] = F((abs(b - c) - 1) ** 2, b + c)
    return result


def divergence(a, b):
    p, q = [F(x, sum(a)) for x in a], [F(x, sum(b)) for x in b]
    middle = [(x + y) / 2 for x, y in zip(p, q)]

    def kl(x, y):
        return sum(real(s) * mp.log(real(s / t)) for s, t in zip(x, y) if s)

    js = (kl(p, middle) + kl(q, middle)) / 2
    smooth_p = [(x + F(1, 2)) / (sum(a) + F(len(a), 2)) for x in a]
    smooth_q = [(x + F(1, 2)) / (sum(b) + F(len(b), 2)) for x in b]
    check("JS", js, stats.entropy([float(x) for x in p], [float(x) for x in middle]) / 2
          + stats.entropy([float(x) for x in q], [float(x) for x in middle]) / 2)

    def psi(x, y):
        return sum(real(s - t) * mp.log(real(s / t)) for s, t in zip(x, y))

    full = all(a) and all(b)
    return {"a": a, "b": b, "jensen_shannon": js, "kullback_leibler": kl(p, q) if full else None, "psi": psi(p, q) if full else None,
            "psi_smoothed": psi(smooth_p, smooth_q),
            "hellinger": mp.sqrt(sum((mp.sqrt(real(x)) - mp.sqrt(real(y))) ** 2 for x, y in zip(p, q)) / 2),
            "total_variation": sum(abs(x - y) for x, y in zip(p, q)) / 2,
            "cosine": sum(real(x * y) for x, y in zip(p, q)) / mp.sqrt(real(sum(x * x for x in p) * sum(y * y for y in q)))}


def e_value(counts, shares, mass):
    alpha = [real(F(r).limit_denominator(1000)) * mass for r in shares]

    def ln_beta(x):
        return sum(mp.loggamma(v) for v in x) - mp.loggamma(sum(x))

    ln = ln_beta([a + s for a, s in zip(alpha, counts)]) - ln_beta(alpha) - sum(
        s * mp.log(real(F(r).limit_denominator(1000))) for s, r in zip(counts, shares))
    return {"counts": counts, "shares": shares, "concentration": mass, "ln_e": ln}


def dirichlet(i, j, background, strength):
    n, items = sum(background), []
    for y, z, seen in zip(i, j, background):
        a = F(strength * seen, n)
        one, other = y + a, z + a
        delta = mp.log(real(one / (sum(i) + strength - one))) - mp.log(real(other / (sum(j) + strength - other)))
        variance = 1 / one + 1 / other
        items.append({"delta": delta, "variance": variance, "z": delta / mp.sqrt(real(variance))})
    return {"i": i, "j": j, "background": background, "strength": strength, "items": items}


# ------------------------------------------------------------------------------------------------------------ intervals
def wilson_continuity(k, n):
    def bound(k, sign):
        z2 = Z * Z
        return (2 * k + z2 + sign * Z * mp.sqrt(z2 + 4 * k * (n - k) / n)) / (2 * (n + z2))

    half = mp.mpf(1) / 2
    return [bound(k - half, -1) if k else mp.mpf(0), bound(k + half, 1) if k < n else mp.mpf(1)]


def jeffreys(k, n):
    def quantile(a, b, p):
        start = stats.beta.ppf(float(p), float(a), float(b))
        f = lambda x: mp.betainc(a, b, 0, x, regularized=True) - p
        return mp.findroot(f, (mp.mpf(start) * (1 - mp.mpf("1e-6")), mp.mpf(start) * (1 + mp.mpf("1e-9"))))

    a, b = k + mp.mpf(1) / 2, n - k + mp.mpf(1) / 2
    return [quantile(a, b, mp.mpf("0.025")) if k else mp.mpf(0), quantile(a, b, mp.mpf("0.975")) if k < n else mp.mpf(1)]


def sison_glaz(counts):
    """Moments of the cut Poisson counts by plain sums."""
    n, level = sum(counts), mp.mpf("0.95")

    def inside(half):
        ln, mean, variance, third, fourth = mp.mpf(0), mp.mpf(0), mp.mpf(0), mp.mpf(0), mp.mpf(0)
        for count in counts:
            span = range(max(0, count - half), count + half + 1)
            mass = [mp.exp(-count) * mp.mpf(count) ** j / mp.factorial(j) if count or j == 0 else mp.mpf(0) for j in span]
            whole = sum(mass)
            m = sum(j * x for j, x in zip(span, mass)) / whole
            central = [sum((j - m) ** r * x for j, x in zip(span, mass)) / whole for r in range(5)]
            ln, mean, variance = ln + mp.log(whole), mean + m, variance + central[2]
            third, fourth = third + central[3], fourth + central[4] - 3 * central[2] ** 2
        z = (n - mean) / mp.sqrt(variance)
        g1, g2 = third / variance ** mp.mpf(1.5), fourth / variance**2
        series = 1 + g1 * (z**3 - 3 * z) / 6 + g2 * (z**4 - 6 * z**2 + 3) / 24 + g1**2 * (z**6 - 15 * z**4 + 45 * z**2 - 15) / 72
        density = mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi) * series / mp.sqrt(variance)
        return mp.exp(ln) * density * mp.factorial(n) * mp.exp(n) / mp.mpf(n) ** n

    half, before = 1, mp.mpf(0)
    while (now := inside(half)) <= level:
        half, before = half + 1, now
    part = (level - before) / (now - before)
    bounds = [[max(mp.mpf(0), mp.mpf(c - half + 1) / n), min(mp.mpf(1), (c + half - 1 + 2 * part) / n)] for c in counts]
    for ours, theirs in zip(bounds, proportion.multinomial_proportions_confint(counts, 0.05, "sison-glaz")):
        check("Sison-Glaz", ours[0], theirs[0], 1e-6)
        check("Sison-Glaz", ours[1], theirs[1], 1e-6)
    return {"counts": counts, "bounds": bounds}


def score_difference(a, b, c, d):
    """Miettinen and Nurminen by bisection at 50 digits; the best common share by bisection of the likelihood's slope.

    statsmodels 0.15.0 has a wrong coefficient here (its issue 10269), so that published figures are compared instead.
    """
    inside, outside, n = a + b, c + d, a + b + c + d
    observed = mp.mpf(a) / inside - mp.mpf(c) / outside

    def deviate(difference):
        low, high = max(mp.mpf(0), -difference), min(mp.mpf(1), 1 - difference)
        for _ in range(120):
            q = (low + high) / 2
            p = q + difference
            slope = (a / p if a else 0) - (b / (1 - p) if b else 0) + (c / q if c else 0) - (d / (1 - q) if d else 0)
            low, high = (q, high) if slope > 0 else (low, q)
        q = (low + high) / 2
        p = q + difference
        return (observed - difference) / mp.sqrt((p * (1 - p) / inside + q * (1 - q) / outside) * n / (n - 1))

    def bound(target, above, below):
        for _ in range(80):
            middle = (above + below) / 2
            above, below = (middle, below) if deviate(middle) > target else (above, middle)
        return (above + below) / 2

    one = mp.mpf(1) - mp.mpf("1e-30")
    result = [bound(Z, -one, observed), bound(-Z, observed, one)]
    return result


def conditional_odds(a, b, c, d):
    row, col, n = a + b, a + c, a + b + c + d
    low, high = max(0, col - (n - row)), min(row, col)
    ways = {k: mp.mpf(math.comb(row, k) * math.comb(n - row, col - k)) for k in range(low, high + 1)}

    def share(ln, keep, power=0):
        mass = {k: w * mp.exp((k - a) * ln) for k, w in ways.items()}
        return sum(x * k**power for k, x in mass.items() if keep(k)) / sum(mass.values())

    def root(f):
        below, above = mp.mpf(-60), mp.mpf(60)
        for _ in range(90):
            middle = (below + above) / 2
            below, above = (middle, above) if f(middle) < 0 else (below, middle)
        return mp.exp((below + above) / 2)

    tail = mp.mpf("0.025")
    value = None if a == high else mp.mpf(0) if a == low else root(lambda t: share(t, lambda k: True, 1) - a)
    bounds = [mp.mpf(0) if a == low else root(lambda t: share(t, lambda k: k >= a) - tail),
              None if a == high else root(lambda t: tail - share(t, lambda k: k <= a))]
    peer = stats.contingency.odds_ratio([[a, b], [c, d]], kind="conditional")
    interval = peer.confidence_interval(0.95)
    if value:
        check("conditional odds ratio", value, peer.statistic, 1e-6)
        check("exact interval", bounds[0], interval.low, 1e-6)
        check("exact interval", bounds[1], interval.high, 1e-6)
    return {"value": value, "bounds": bounds}


def unconditional(a, b, c, d):
    """Barnard's and Boschloo's test: the worst common share by a fine grid and ternary search at 50 digits around its best points."""
    inside, outside = a + b, c + d
    n = inside + outside

    def wald(x, y):
        total = x + y
        return F((x * n - inside * total) ** 2, total * (n - total)) if 0 < total < n else F(0)

    def tail(x, y, upper):
        total = x + y
        span = range(max(0, total - outside), min(inside, total) + 1)
        kept = [j for j in span if (j >= x if upper else j <= x)]
        return F(sum(math.comb(inside, j) * math.comb(outside, total - j) for j in kept), math.comb(n, total))

    def worst(extreme):
        ways = [0] * (n + 1)
        for x, y in product(range(inside + 1), range(outside + 1)):
            if extreme(x, y):
                ways[x + y] += math.comb(inside, x) * math.comb(outside, y)
        polynomial = lambda p: sum(w * p**s * (1 - p) ** (n - s) for s, w in enumerate(ways) if w)
        points = 2000
        grid = [polynomial(float(i) / points) for i in range(1, points)]
        best = mp.mpf(0)
        for i in sorted(range(len(grid)), key=lambda i: -grid[i])[:8]:
            low, high = mp.mpf(i) / points, mp.mpf(i + 2) / points
            for _ in range(70):
                one, two = low + (high - low) / 3, high - (high - low) / 3
                low, high = (one, high) if polynomial(one) < polynomial(two) else (low, two)
            best = max(best, polynomial((low + high) / 2))
        return best

    bar = wald(a, c)
    barnard = worst(lambda x, y: wald(x, y) >= bar)
    sides = []
    for upper in (True, False):
        own = tail(a, c, upper)
        sides.append(worst(lambda x, y: tail(x, y, upper) <= own))
    boschloo = min(mp.mpf(1), 2 * min(sides))
    transposed = np.array([[a, c], [b, d]])
    # SciPy 1.17.1 leaves out tables whose statistic is equal but for rounding, and so may be below: for [10, 3, 2, 15] the table
    # [3, 10, 15, 2].
    for name, ours, theirs in (("Barnard", barnard, stats.barnard_exact(transposed, n=128).pvalue),
                               ("Boschloo", boschloo, stats.boschloo_exact(transposed, n=128).pvalue)):
        if not 1 - 1e-6 < ours / theirs < 1.1:
            raise SystemExit(f"{name} {a, b, c, d}: {ours} instead of {theirs}")
    return {"barnard": barnard, "boschloo": boschloo}


TABLES = [[3, 1, 1, 3], [10, 3, 2, 15], [0, 12, 9, 30], [0, 7, 11, 0], [21, 2, 15, 3], [1, 19, 8, 12]]
LARGER = [[509, 116, 398, 104], [189, 10845, 104, 10933], [688, 650, 21, 59]]


def hommel(p):
    ours = multitest.multipletests(p, method="hommel")[1]
    # The definition: the largest Simes p-value of all intersections that a test is in.
    adjusted = []
    for i in range(len(p)):
        worst = F(0)
        for others in product((0, 1), repeat=len(p) - 1):
            rest = p[:i] + p[i + 1 :]
            of = sorted([F(p[i])] + [F(q) for q, on in zip(rest, others) if on])
            worst = max(worst, min(q * len(of) / rank for rank, q in enumerate(of, 1)))
        adjusted.append(min(F(1), worst))
    for mine, theirs in zip(adjusted, ours):
        check("Hommel", mine, theirs)
    return {"p": p, "adjusted": adjusted}


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 6.
for cells, low, high in (([56, 14, 48, 32], "0.0528", "0.3382"), ([9, 1, 3, 7], "0.1700", "0.8406")):
    ours = score_difference(*cells)
    if abs(ours[0] - mp.mpf(low)) > 5.1e-5 or abs(ours[1] - mp.mpf(high)) > 5.1e-5:
        raise SystemExit(f"Miettinen-Nurminen: {ours} instead of {low}, {high}")
WEIGHTS = [c["weight"] for c in DATA]
golden = {
    "strata": {name: stratified(tables) for name, tables in STRATA.items()},
    "generalized": {name: generalized(*case) for name, case in GENERALIZED.items()},
    "conversations": DATA,
    "pairs": [pair(t, v) for t in range(3) for v in range(5)],
    "weighted_pairs": [pair(t, v, WEIGHTS) for t in range(3) for v in range(5)],
    "mentions": [mention(t, v) for t in range(3) for v in range(5)],
    "prevalence": [prevalence(v) for v in range(5)],
    "weighted_prevalence": [prevalence(v, WEIGHTS) for v in range(5)],
    "rao_scott": [rao_scott(v) for v in range(5)],
    "marginal": marginal(),
    "pairwise": pairwise(),
    "within_label_counts": [w for h in range(4) for v in range(5) if (w := within_label_counts(h, v))],
    "two_stage": [two_stage(0.05), two_stage(0.4), two_stage(0.9)],
    "mirroring": mirroring(),
    "invariance": [invariance(v) for v in range(5)],
    "square": [square(t) for t in ([[794, 150], [86, 570]], [[10, 3], [9, 12]], [[20, 10, 5], [3, 30, 15], [0, 5, 40]])],
    "divergence": [divergence(a, b) for a, b in (([234, 229, 174, 60], [210, 240, 180, 81]), ([5, 0, 95, 3], [9, 2, 80, 0]))],
    "e_values": [e_value(*case) for case in (([60, 40], [0.5, 0.5], 2), ([612, 388], [0.6, 0.4], 10), ([7, 0, 30], [0.2, 0.3, 0.5], 5))],
    "log_odds_dirichlet": dirichlet([120, 40, 8, 0, 300], [90, 80, 1, 12, 310], [900, 500, 40, 30, 2500], 500),
    "hommel": hommel([0.01, 0.02, 0.022, 0.09, 0.2, 0.7]),
    "proportions": [{"k": k, "n": n, "wilson_continuity": wilson_continuity(k, n), "jeffreys": jeffreys(k, n)}
                    for k, n in ((0, 10), (1, 10), (5, 10), (46, 3082), (81, 263), (10, 10))],
    "sison_glaz": [sison_glaz(c) for c in ([56, 72, 73, 59, 62, 87, 58], [91, 49, 37, 43], [0, 5, 95])],
    "two_by_two": [{"cells": t, "miettinen_nurminen": score_difference(*t), "conditional": conditional_odds(*t), **unconditional(*t)}
                   for t in TABLES]
    + [{"cells": t, "miettinen_nurminen": score_difference(*t), "conditional": conditional_odds(*t)} for t in LARGER],
}
path = pathlib.Path(__file__).with_name("inference.json")
path.write_text(json.dumps(double(golden), separators=(",", ":")).replace('],"', '],\n"') + "\n")
print(path, path.stat().st_size, "bytes")
