"""One peer on the rows that `measure contingency --write FOLDER` left: python peers.py FOLDER PEER."""

import json
import resource
import sys
import time

import numpy as np

PASSES = 3


def tests(observed):
    """Expected counts, chi-square, adjusted residuals, p, Bonferroni, Benjamini and Hochberg."""
    result = stats.chi2_contingency(observed, correction=False)
    expected, n = result.expected_freq, observed.sum()
    rows = observed.sum(axis=1, keepdims=True) / n
    cols = observed.sum(axis=0, keepdims=True) / n
    adjusted = (observed - expected) / np.sqrt(expected * (1 - rows) * (1 - cols))
    p = 2 * special.ndtr(-np.abs(adjusted))
    return result.statistic, adjusted, np.minimum(p * p.size, 1), stats.false_discovery_control(p.ravel())


def numpy_counts(row, column):
    height, width = int(row.max()) + 1, int(column.max()) + 1
    return np.bincount(row.astype(np.int64) * width + column, minlength=height * width).reshape(height, width)


def main(folder, peer):
    row, column = np.load(f"{folder}/row.npy"), np.load(f"{folder}/column.npy")
    if peer == "numpy":
        work = lambda: numpy_counts(row, column)
    elif peer == "pandas-crosstab":
        import pandas as pd

        frame = pd.DataFrame({"row": row, "column": column})
        work = lambda: pd.crosstab(frame.row, frame.column).to_numpy()
    elif peer == "polars-names":
        import polars as pl

        rows = pl.Series([f"task number {i:03d} about something" for i in range(int(row.max()) + 1)])
        columns = pl.Series([f"value_{i:04d}_of_the_taxonomy" for i in range(int(column.max()) + 1)])
        frame = pl.DataFrame({"row": rows.gather(row), "column": columns.gather(column)})

        def work():
            counts = frame.lazy().group_by("row", "column").agg(pl.len()).collect()
            names, i = np.unique(counts["row"].to_numpy(), return_inverse=True)
            values, j = np.unique(counts["column"].to_numpy(), return_inverse=True)
            observed = np.zeros((len(names), len(values)), np.int64)
            observed[i, j] = counts["len"].to_numpy()
            return observed

    else:
        sys.exit("peers: numpy, pandas-crosstab, polars-names")
    best, found = float("inf"), None
    for _ in range(1 if peer == "pandas-crosstab" else PASSES):
        found = None
        start = time.process_time()
        found = tests(work())
        best = min(best, time.process_time() - start)
    statistic, adjusted, bonferroni, bh = found
    print(json.dumps({
        "peer": peer,
        "cpu_seconds": round(best, 4),
        "rows": len(row),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "chi_square": round(float(statistic), 4),
        "sum_abs_adjusted": round(float(np.abs(adjusted).sum()), 4),
        "bonferroni": int((bonferroni <= 0.05).sum()),
        "benjamini_hochberg": int((bh <= 0.05).sum()),
    }))


if __name__ == "__main__":
    # Imported here so that their start is in nobody's time.
    from scipy import special, stats

    main(sys.argv[1], sys.argv[2])
