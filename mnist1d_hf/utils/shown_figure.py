"""The class of all figures, which notebooks show; imports matplotlib, so it is itself imported on first use."""

from __future__ import annotations

from io import BytesIO

from matplotlib import rc_context
from matplotlib.figure import Figure

from .figures import STYLE


class ShownFigure(Figure):
    """A figure that shows itself in a notebook, without pyplot or a display."""

    def _repr_png_(self) -> bytes:
        content = BytesIO()
        with rc_context(STYLE):
            self.savefig(content, format="png", dpi=100)
        return content.getvalue()
