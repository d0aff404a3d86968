"""The course's plots: each function takes data and returns the Axes it drew.

As the last line of a notebook cell the Axes is shown as a picture with a text alternative, and
`plot.save("plot.png")` writes it to a file (.png, .svg or .pdf).
"""

from course.plots.breakeven import plot_breakeven
from course.plots.cascade import plot_cascade
from course.plots.confusion import plot_confusion
from course.plots.cost import CALLS, plot_cost_by_volume, plot_shares
from course.plots.decision import plot_cost_accuracy
from course.plots.load import plot_refusals, plot_throughput, plot_timeline
from course.plots.picture import COLOURS, HATCHES, MARKERS, Picture, picture
from course.plots.quality import plot_accuracy, plot_cost_by_thousand, plot_paired
from course.plots.sampling import plot_interval_width, plot_resampling
from course.plots.speed import plot_latencies, plot_seconds_by_tokens
from course.plots.verdicts import plot_verdicts

__all__ = [
    "CALLS",
    "COLOURS",
    "HATCHES",
    "MARKERS",
    "Picture",
    "picture",
    "plot_accuracy",
    "plot_breakeven",
    "plot_cascade",
    "plot_confusion",
    "plot_cost_accuracy",
    "plot_cost_by_thousand",
    "plot_cost_by_volume",
    "plot_interval_width",
    "plot_latencies",
    "plot_paired",
    "plot_refusals",
    "plot_resampling",
    "plot_seconds_by_tokens",
    "plot_shares",
    "plot_throughput",
    "plot_timeline",
    "plot_verdicts",
]
