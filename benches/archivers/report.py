"""The numbers as a Markdown table and as JSON."""

import json
from statistics import median

COLUMNS = [("wall s", "wall", 1), ("CPU s", "cpu", 1), ("peak MB", "peak", 1e6), ("stored MB", "stored", 1e6)]


def number(value):
    """Three digits that mean something."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def markdown(head, titles, samples, floor):
    """One table a case. The multiples are those of the first tool, which is ours: more than 1 is worse than ours."""
    text = [f"- {name}: {value}" for name, value in head.items()] + [""]
    text += ["Medians, with the least and the most in brackets; × is the multiple of the first line."]
    for case, title in titles.items():
        rows = {}
        for sample in samples:
            if sample["case"] == case:
                rows.setdefault(sample["tool"], []).append(sample)
        if not rows:
            continue
        text += ["", f"### {title}", "", "| | " + " | ".join(f"{name} | ×" for name, _, _ in COLUMNS) + " |"]
        text += ["|---|" + "---:|" * (2 * len(COLUMNS))]
        base = next(iter(rows.values()))
        text += ["| " + " | ".join([tool, *cells(runs, base, floor)]) + " |" for tool, runs in rows.items()]
    return "\n".join(text) + "\n"


def cells(runs, base, floor):
    """The cells of one line."""
    for _, key, unit in COLUMNS:
        values = [run[key] for run in runs if run[key] is not None]
        ours = [run[key] for run in base if run[key] is not None]
        if not values:
            yield from ("", "")
            continue
        middle, spread = median(values), ""
        if len(values) > 1 and key == "wall":
            spread = f" ({number(min(values) / unit)}–{number(max(values) / unit)})"
        if key == "peak" and middle <= floor:
            yield from (f"≤ {number(floor / unit)}", "")
            continue
        yield number(middle / unit) + spread
        yield number(middle / median(ours)) if ours and median(ours) else ""


def as_json(head, workspace, samples, floor):
    """Every sample: seconds and bytes."""
    return json.dumps({"schema": 1, "machine": head, "workspace": workspace, "floor": floor, "samples": samples}, indent=1)
