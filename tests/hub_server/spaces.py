"""What Spaces have that other repositories lack: an SDK, files of the Hub from the beginning, and somewhere to run."""

import re

SDKS = ("gradio", "docker", "static")
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")

README = """\
---
title: {title}
emoji: 📊
colorFrom: green
colorTo: blue
sdk: {sdk}
pinned: false
---

The fields are explained at https://huggingface.co/docs/hub/spaces-config-reference
"""
INDEX = """\
<!doctype html>
<html>
	<head>
		<meta charset="utf-8" />
		<title>A static Space</title>
		<link rel="stylesheet" href="style.css" />
	</head>
	<body>
		<h1>A static Space begins like this</h1>
		<p>Change it by editing <i>index.html</i>.</p>
	</body>
</html>
"""
STYLE = """\
body {
	padding: 2rem;
	font-family: sans-serif;
}
"""


def first_files(repo_id, sdk):
    """The files, by path, that the Hub puts into a new Space."""
    title = repo_id.partition("/")[2].replace("-", " ").title()
    texts = {"README.md": README.format(title=title, sdk=sdk)}
    texts |= {"index.html": INDEX, "style.css": STYLE} if sdk == "static" else {}
    return {path: text.encode() for path, text in texts.items()}


def space_info(repo, card):
    """What the information about a Space tells besides, given the metadata of its card."""
    sdk, subdomain = card.get("sdk", repo.sdk), re.sub(r"[^a-z0-9]+", "-", repo.id.lower())
    return {
        "sdk": sdk,
        "models": card.get("models") or [],
        "datasets": card.get("datasets") or [],
        "subdomain": subdomain,
        "host": f"https://{subdomain}{'.static' if sdk == 'static' else ''}.hf.space",
        "runtime": {"stage": "RUNNING", "hardware": {"current": None, "requested": None}, "storage": None},
    }


def space_card_problems(data):
    """What the Hub refuses in the metadata of a Space's card."""
    if data.get("sdk") not in SDKS:
        yield f'"sdk" must be one of [{", ".join(SDKS)}]'
    for name in ("colorFrom", "colorTo"):
        if data.get(name) not in (None, *COLOURS):
            yield f'"{name}" must be one of [{", ".join(COLOURS)}]'
    if len(data.get("short_description") or "") > 60:
        yield '"short_description" length must be less than or equal to 60 characters long'
    if not all(isinstance(item, str) for item in data.get("models") or []):
        yield '"models" must be a list of strings'
