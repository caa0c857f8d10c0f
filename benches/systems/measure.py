"""What a server costs: the time, the CPU and the memory of a process with all its children."""

import os
import statistics

TICKS = os.sysconf("SC_CLK_TCK")


def tree(roots):
    """The processes of these trees, and the fields of /proc/PID/stat of each from the third."""
    stats, children = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                # The name of the program comes before, in parentheses, and may have spaces in it.
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        stats[int(name)] = fields
        children.setdefault(int(fields[1]), []).append(int(name))
    found, ahead = {}, list(roots)
    while ahead:
        process = ahead.pop()
        if process in stats:
            found[process] = stats[process]
            ahead.extend(children.get(process, []))
    return found


def cpu(roots):
    """CPU seconds of these trees so far, with those of children that have ended and were waited for."""
    return sum(int(ticks) for fields in tree(roots).values() for ticks in fields[11:15]) / TICKS


def memory(roots):
    """MiB of these trees: PSS, so that what processes share is counted once."""
    kilobytes = 0
    for process in tree(roots):
        try:
            with open(f"/proc/{process}/smaps_rollup") as file:
                kilobytes += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return kilobytes / 1024


class Spread:
    """The median of some figures, and how far they lie apart."""

    def __init__(self, figures):
        self.middle, self.least, self.most = statistics.median(figures), min(figures), max(figures)

    def __str__(self):
        return f"{number(self.middle)} ({number(self.least)}–{number(self.most)})"


def number(figure):
    """With three digits that count."""
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.1f}" if figure >= 10 else f"{figure:.2f}"
