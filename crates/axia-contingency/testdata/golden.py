"""Reference values for the tests of axia-contingency: writes golden.json beside this file.

Made with Python 3.11, mpmath 1.4.1, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0:
    pip install mpmath==1.4.1 numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python golden.py

Values are exact fractions, or 50-digit mpmath numbers, rounded once to a double. Each is compared with scipy or statsmodels
where these have it, and with the figure printed in the textbook where there is one; a difference stops the script.
The Rust tests compare at a relative tolerance of 1e-12.
"""
import json
import pathlib
from fractions import Fraction

import mpmath as mp
import numpy as np
from scipy import stats
from statsmodels.stats import multitest, proportion
from statsmodels.stats.contingency_tables import Table, Table2x2

mp.mp.dps = 50
Z = mp.sqrt(2) * mp.erfinv(mp.mpf("0.95"))

# id, source, observed, figures printed there: {name: (value, decimals)}
TABLES = [
    ("party_by_gender", "Agresti, Introduction to Categorical Data Analysis, 2nd ed. 2007, table 2.5",
     [[762, 327, 468], [484, 239, 477]],
     {"chi2": (30.07, 2), "adjusted_0": ([4.50, 0.70, -5.32], 2)}),
    ("job_satisfaction", "Agresti, Categorical Data Analysis, 2nd ed. 2002, table 2.8",
     [[1, 3, 10, 6], [2, 3, 10, 7], [1, 6, 14, 12], [0, 1, 9, 11]], {"chi2": (5.97, 2)}),
    ("hair_eye_color", "Snee 1974 (R datasets::HairEyeColor, both sexes), hair by eye",
     [[68, 20, 15, 5], [119, 84, 54, 29], [26, 17, 14, 14], [7, 94, 10, 16]], {"chi2": (138.29, 2)}),
    ("aspirin", "Agresti 2007, table 2.3: placebo and aspirin by heart attack yes, no",
     [[189, 10845], [104, 10933]], {"odds_ratio": (1.83, 2)}),
    ("afterlife", "Agresti 2007, table 2.1: women and men by belief yes, no or undecided",
     [[509, 116], [398, 104]], {"chi2": (0.82, 2)}),
    ("alcohol_malformation", "Agresti 2007, table 2.7",
     [[17066, 48], [14464, 38], [788, 5], [126, 1], [37, 1]], {"chi2": (12.1, 1)}),
    ("titanic_sex", "R datasets::Titanic, sex by survival no, yes", [[1364, 367], [126, 344]], {"chi2": (456.87, 2)}),
    ("admissions", "Bickel 1975 (R datasets::UCBAdmissions), men and women by admitted, rejected",
     [[1198, 1493], [557, 1278]], {"chi2": (92.21, 2)}),
    ("convictions", "Fisher 1935: convictions of twins", [[2, 15], [10, 3]], {}),
    ("tea", "Fisher 1935: tasting tea", [[3, 1], [1, 3]], {"chi2": (2.0, 1)}),
    ("zero_cell", "constructed: one pair never met", [[0, 12], [9, 30]], {}),
    ("empty_lines", "constructed: an empty row and column count for nothing",
     [[5, 0, 9, 4], [0, 0, 0, 0], [7, 0, 2, 8]], {}),
    ("weak_in_billions", "constructed: chi2 0.4 among 4e9 counts",
     [[1000000000, 999990000], [999990000, 1000000000]], {}),
]


def real(x):
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)


def double(x):
    return None if x is None else float(real(x))


def check(name, ours, theirs, relative=1e-9):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert np.allclose(ours, theirs, rtol=relative, atol=1e-12), (name, ours, theirs)


def ln_chi2_upper(x, dof):
    return mp.log(mp.gammainc(mp.mpf(dof) / 2, real(x) / 2, regularized=True)) if dof != 2 else -real(x) / 2


def wilson(k, n):
    p = mp.mpf(k) / n
    centre, half = p + Z**2 / (2 * n), Z * mp.sqrt(p * (1 - p) / n + Z**2 / (4 * mp.mpf(n) ** 2))
    return [mp.mpf(0) if k == 0 else (centre - half) / (1 + Z**2 / n), mp.mpf(1) if k == n else (centre + half) / (1 + Z**2 / n)]


def two_by_two(observed):
    (a, b), (c, d) = observed
    difference = Fraction(a, a + b) - Fraction(c, c + d)
    (l1, u1), (l2, u2) = wilson(a, a + b), wilson(c, c + d)
    p, q, value = mp.mpf(a) / (a + b), mp.mpf(c) / (c + d), real(difference)
    newcombe = [value - mp.sqrt((p - l1) ** 2 + (u2 - q) ** 2), value + mp.sqrt((u1 - p) ** 2 + (q - l2) ** 2)]
    check("newcombe", [double(x) for x in newcombe],
          proportion.confint_proportions_2indep(a, a + b, c, c + d, method="newcomb", compare="diff"))
    zero = 0 in (a, b, c, d)
    odds = [Fraction(x) + (Fraction(1, 2) if zero else 0) for x in (a, b, c, d)]
    ratio = odds[0] * odds[3] / (odds[1] * odds[2])
    half = Z * mp.sqrt(sum(1 / real(x) for x in odds))
    woolf = [real(ratio) * mp.exp(-half), real(ratio) * mp.exp(half)]
    if not zero:  # statsmodels adds 1/2 to the zero cells only, not to all four
        check("woolf", [double(x) for x in woolf], Table2x2(np.array(observed, float), shift_zeros=False).oddsratio_confint())
    return {"risk_difference": double(difference), "newcombe_95": [double(x) for x in newcombe], "zero_cell": zero,
            "odds_ratio": double(ratio), "woolf_95": [double(x) for x in woolf]}


def table(name, source, observed, printed):
    rows, cols = [sum(line) for line in observed], [sum(line) for line in zip(*observed)]
    n = sum(rows)
    keep_rows, keep_cols = [i for i, x in enumerate(rows) if x], [j for j, x in enumerate(cols) if x]
    inside = lambda i, j: rows[i] > 0 and cols[j] > 0
    expected = [[Fraction(rows[i] * cols[j], n) if inside(i, j) else None for j in range(len(cols))] for i in range(len(rows))]

    def residual(i, j, adjusted):
        if not inside(i, j):
            return None
        variance = expected[i][j]
        if adjusted:
            variance *= (1 - Fraction(rows[i], n)) * (1 - Fraction(cols[j], n))
        return real(observed[i][j] - expected[i][j]) / mp.sqrt(real(variance))

    chi2 = sum((observed[i][j] - expected[i][j]) ** 2 / expected[i][j] for i in keep_rows for j in keep_cols)
    r, c = len(keep_rows), len(keep_cols)
    dof = (r - 1) * (c - 1)
    ln_p = ln_chi2_upper(chi2, dof)
    v = mp.sqrt(real(chi2) / (n * (min(r, c) - 1)))
    corrected = lambda k: k - Fraction((k - 1) ** 2, n - 1)
    v_corrected = mp.sqrt(real(max(Fraction(0), chi2 / n - Fraction(dof, n - 1)) / (min(corrected(r), corrected(c)) - 1)))
    grid = lambda adjusted: [[double(residual(i, j, adjusted)) for j in range(len(cols))] for i in range(len(rows))]
    all_expected = [expected[i][j] for i in keep_rows for j in keep_cols]
    # Zero cells add 2 E to G and 4 E to Freeman and Tukey's statistic.
    filled = [(real(observed[i][j]), real(expected[i][j])) for i in keep_rows for j in keep_cols]
    g = 2 * mp.fsum(o * mp.log(o / e) if o else mp.mpf(0) for o, e in filled)
    cressie_read = mp.mpf(9) / 5 * mp.fsum(o * ((o / e) ** (mp.mpf(2) / 3) - 1) for o, e in filled)
    freeman_tukey = 4 * mp.fsum((mp.sqrt(o) - mp.sqrt(e)) ** 2 for o, e in filled)
    out = {"id": name, "source": source, "observed": observed, "chi2": double(chi2), "dof": dof, "ln_p": double(ln_p),
           "log10_p": double(ln_p / mp.log(10)), "expected": [[double(x) for x in line] for line in expected],
           "pearson": grid(False), "adjusted": grid(True), "cramers_v": double(v), "cramers_v_bias_corrected": double(v_corrected),
           "cells": r * c, "below_5": sum(x < 5 for x in all_expected), "below_1": sum(x < 1 for x in all_expected),
           "smallest_expected": double(min(all_expected))}
    dense = np.array([[observed[i][j] for j in keep_cols] for i in keep_rows], float)
    out.update(g=double(g), cressie_read=double(cressie_read), freeman_tukey=double(freeman_tukey))
    peer = stats.chi2_contingency(dense, correction=False)
    # Doubles lose a weak association among billions: the peers are good to 1e-5 there.
    tolerance = 1e-5 if n > 10**9 else 1e-9
    check("chi2", out["chi2"], peer.statistic, tolerance)
    check("p", float(mp.exp(ln_p)), peer.pvalue, tolerance)
    if n < 10**9:
        check("g", out["g"], stats.chi2_contingency(dense, correction=False, lambda_="log-likelihood").statistic)
        check("cressie-read", out["cressie_read"], stats.chi2_contingency(dense, correction=False, lambda_="cressie-read").statistic)
    check("expected", [double(x) for x in all_expected], peer.expected_freq.ravel())
    check("v", out["cramers_v"], stats.contingency.association(dense.astype(int), method="cramer"), tolerance)
    ours = [out["adjusted"][i][j] for i in keep_rows for j in keep_cols]
    check("adjusted", ours, np.asarray(Table(dense, shift_zeros=False).standardized_resids).ravel(), tolerance)
    if len(observed) == len(observed[0]) == 2:
        out["two_by_two"] = two_by_two(observed)
    for what, (figure, decimals) in printed.items():
        value = {"chi2": lambda: out["chi2"], "adjusted_0": lambda: out["adjusted"][0], "odds_ratio": lambda: out["two_by_two"]["odds_ratio"]}[what]()
        assert np.all(np.abs(np.asarray(value) - figure) <= 0.5001 * 10.0**-decimals), (name, what, value, figure)
    return out


def proportions():
    out = []
    for k, n in [(0, 10), (10, 10), (1, 10), (5, 10), (7, 9), (81, 263), (15, 148), (46, 308210)]:
        tail = mp.mpf("0.025")
        # Exact bounds: P(X >= k) = tail and P(X <= k) = tail, by the sum itself.
        up_to = lambda m, p: mp.fsum(mp.binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(m + 1))
        around = stats.beta.ppf([0.025, 0.975], [max(k, 1), k + 1], [n - k + 1, max(n - k, 1)])
        exact = [mp.mpf(0) if k == 0 else mp.findroot(lambda p: 1 - up_to(k - 1, p) - tail, around[0]),
                 mp.mpf(1) if k == n else mp.findroot(lambda p: up_to(k, p) - tail, around[1])]
        score = wilson(k, n)
        centre = (k + Z**2 / 2) / (n + Z**2)
        half = Z * mp.sqrt(centre * (1 - centre) / (n + Z**2))
        coull = [max(mp.mpf(0), centre - half), min(mp.mpf(1), centre + half)]
        for method, ours in [("wilson", score), ("beta", exact), ("agresti_coull", coull)]:
            check(method, [double(x) for x in ours], proportion.proportion_confint(k, n, 0.05, method))
        out.append({"k": k, "n": n, "wilson_95": [double(x) for x in score], "clopper_pearson_95": [double(x) for x in exact],
                    "agresti_coull_95": [double(x) for x in coull]})
    # Printed in Newcombe 1998, Statistics in Medicine 17, 857-872, table I.
    assert [round(x, 4) for x in out[5]["wilson_95"]] == [0.2553, 0.3662], out[5]
    assert [round(x, 4) for x in out[6]["wilson_95"]] == [0.0624, 0.1605], out[6]
    return out


def corrections():
    # Benjamini and Hochberg 1995, section 3.2: 15 p-values of a thrombolysis study.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    names = {"bonferroni": "bonferroni", "sidak": "sidak", "holm": "holm", "hochberg": "simes-hochberg",
             "benjamini_hochberg": "fdr_bh", "benjamini_yekutieli": "fdr_by"}
    out = {"p": p, **{ours: [float(x) for x in multitest.multipletests(p, 0.05, theirs)[1]] for ours, theirs in names.items()}}
    # Hommel's by its definition: the largest Simes p-value of all sets that hold the hypothesis, in exact fractions.
    exact = [Fraction(str(x)) for x in p]
    simes = lambda values: min(len(values) * x / rank for rank, x in enumerate(sorted(values), 1))
    worst = [Fraction(0)] * len(p)
    for members in range(1, 2 ** len(p)):
        inside = [i for i in range(len(p)) if members >> i & 1]
        value = simes([exact[i] for i in inside])
        for i in inside:
            worst[i] = max(worst[i], value)
    out["hommel"] = [double(x) for x in worst]
    check("hommel", out["hommel"], multitest.multipletests(p, 0.05, "hommel")[1])
    # The paper rejects three by Bonferroni and four by its own procedure.
    assert sum(x <= 0.05 for x in out["bonferroni"]) == 3 and sum(x <= 0.05 for x in out["benjamini_hochberg"]) == 4
    return out


def exact():
    """Hypergeometric p-values by 50-digit sums, at the scale of conversation logs too."""
    out = []
    for k, row, col, n in [(3, 4, 4, 8), (2, 17, 12, 30), (10, 13, 12, 30), (1, 60, 46, 308210), (30, 2000, 46, 308210),
                           (0, 2000, 23359, 308210), (6491, 8013, 20360, 308210), (520, 1000, 53000, 100000), (0, 3, 2, 1000)]:
        ln_choose = lambda a, b: mp.loggamma(a + 1) - mp.loggamma(b + 1) - mp.loggamma(a - b + 1)
        ln_pmf = lambda j: ln_choose(row, j) + ln_choose(n - row, col - j) - ln_choose(n, col)
        least, most = max(0, col - (n - row)), min(row, col)
        masses, mass = {least: mp.exp(ln_pmf(least))}, mp.exp(ln_pmf(least))
        for j in range(least, most):
            mass *= mp.mpf((row - j) * (col - j)) / ((j + 1) * (n - row - col + j + 1))
            masses[j + 1] = mass
        own = masses[k]
        lower = mp.fsum(m for j, m in masses.items() if j <= k)
        upper = mp.fsum(m for j, m in masses.items() if j >= k)
        likely = mp.fsum(m for m in masses.values() if m <= own * (1 + mp.mpf(10) ** -7))
        central, mid = min(mp.mpf(1), 2 * min(lower, upper)), min(mp.mpf(1), 2 * min(lower, upper) - own)
        case = {"observed": k, "row_total": row, "col_total": col, "n": n}
        case.update({"ln_" + name: double(mp.log(value)) for name, value in [
            ("pmf", own), ("lower", lower), ("upper", upper), ("central", central), ("central_mid_p", mid), ("min_likelihood", likely)]})
        if likely > 1e-280:
            check("fisher", double(likely), stats.fisher_exact([[k, row - k], [col - k, n - row - col + k]]).pvalue)
        out.append(case)
    return out


def tails():
    chi2 = []
    for x, dof in [("3.841458820694124", 1), ("73646.4", 1), ("10", 2), ("30.07", 3), ("5000", 7), ("98", 49), ("20000", 1000), ("998", 1000), ("900", 1000)]:
        value = mp.mpf(float(x))
        upper = mp.gammainc(mp.mpf(dof) / 2, value / 2, regularized=True)
        chi2.append({"x": float(x), "dof": dof, "ln_p": double(mp.log(upper))})
        if upper > 1e-280:
            check("chi2 tail", double(upper), stats.chi2.sf(float(x), dof))
    normal = []
    for z in ["1e-6", "0.5", "1.959963984540054", "4.33", "7.07", "7.08", "38.5", "271.38", "555"]:
        value = mp.mpf(float(z))
        ln_p = mp.log(mp.erfc(value / mp.sqrt(2)))
        normal.append({"z": float(z), "ln_p": double(ln_p)})
        check("normal tail", double(ln_p - mp.log(2)), stats.norm.logsf(float(z)))
    return {"chi_square": chi2, "normal_two_sided": normal}


if __name__ == "__main__":
    golden = {"tolerance": 1e-12, "versions": "mpmath 1.4.1, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0",
              "tables": [table(*t) for t in TABLES], "proportions": proportions(), "corrections": corrections(), "exact": exact(), "tails": tails()}
    lines = lambda items: "[\n" + ",\n".join("  " + json.dumps(x, allow_nan=False) for x in items) + "\n ]"
    body = ",\n".join(f' {json.dumps(k)}: ' + (lines(v) if isinstance(v, list) else json.dumps(v, allow_nan=False)) for k, v in golden.items())
    path = pathlib.Path(__file__).with_name("golden.json")
    path.write_text("{\n" + body + "\n}\n")
    print(f"{path.name}: {path.stat().st_size} bytes")
