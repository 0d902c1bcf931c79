"""Reads back what claims say and what figures show."""


def said(claims):
    """What each claim says, as one line."""
    return [f"{claim.statement} | {claim.published} | {claim.measured} | {claim.test}" for claim in claims]


def paragraphs(text):
    """The paragraphs of a text, as one line each."""
    return [" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")]


def curves(axes):
    """Lines of some axes with more than one point: their labels, and their points to six digits."""
    return [
        (line.get_label(), rounded(zip(*line.get_data(), strict=True)))
        for line in axes.lines
        if len(line.get_xdata()) > 1
    ]


def points(axes):
    """What is drawn as a single point, to six digits."""
    return [rounded([line.get_xydata()[0]])[0] for line in axes.lines if len(line.get_xdata()) == 1]


def rounded(pairs):
    """Pairs of numbers as a list, to six digits."""
    return [(round(float(x), 6), round(float(y), 6)) for x, y in pairs]


def written(axes):
    """The texts in some axes."""
    return [text.get_text() for text in axes.texts]
