"""The numbers as a Markdown table and as JSON."""

import json
from statistics import median

COLUMNS = [("wall s", "wall", 1), ("CPU s", "cpu", 1), ("peak MB", "peak", 1e6), ("stored MB", "stored", 1e6)]

# A peak up to so many times that of a program that does nothing says nothing.
NEAR = 1.05


def number(value):
    """Three digits that mean something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def markdown(head, titles, samples, floor, ours):
    """One table a case. × is the multiple of the tool named `ours`: more than 1 is worse than ours."""
    text = [f"- {name}: {value}" for name, value in head.items()] + [""]
    text += [f"Medians, with the least and the most in brackets; × is the multiple of {ours}."]
    for case, title in titles.items():
        rows = {}
        for sample in samples:
            if sample["case"] == case:
                rows.setdefault(sample["tool"], []).append(sample)
        if not rows:
            continue
        base = rows.get(ours, [])
        # What is restored is not stored.
        columns = [column for column in COLUMNS if samples_have(rows, column[1])]
        text += ["", f"### {title}", "", "| | " + " | ".join(f"{name} | ×" for name, _, _ in columns) + " |"]
        text += ["|---|" + "---:|" * (2 * len(columns))]
        text += ["| " + " | ".join([tool, *cells(columns, runs, base, floor)]) + " |" for tool, runs in rows.items()]
    return "\n".join(text) + "\n"


def samples_have(rows, key):
    """Whether a column has anything to say."""
    return any(run[key] is not None for runs in rows.values() for run in runs)


def cells(columns, runs, base, floor):
    """The cells of one line."""
    for _, key, unit in columns:
        values, ours = [run[key] for run in runs], [run[key] for run in base]
        middle, spread = median(values), ""
        if len(values) > 1 and key == "wall":
            spread = f" ({number(min(values) / unit)}–{number(max(values) / unit)})"
        if key == "peak" and middle <= floor * NEAR:
            yield from (f"≤ {number(floor / unit)}", "")
            continue
        yield number(middle / unit) + spread
        yield number(middle / median(ours)) if ours and median(ours) else ""


def as_json(head, workspace, samples, floor):
    """Every sample: seconds and bytes."""
    return json.dumps({"schema": 1, "machine": head, "workspace": workspace, "floor": floor, "samples": samples}, indent=1)
