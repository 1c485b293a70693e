"""When a chapter is run again, its pixel pictures are compared too; nbval compares text and SVG."""

from nbval.plugin import IPyNbCell
from pictures import differences

compare_text = IPyNbCell.compare_outputs


def compare_outputs(cell, test, ref, skip_compare=None):
    if not compare_text(cell, test, ref, skip_compare):
        return False
    cell.comparison_traceback += (found := list(differences(test, ref)))
    return not found


IPyNbCell.compare_outputs = compare_outputs
