"""The route that checks cards, and what their metadata must be."""

import re

import yaml  # of the packages huggingface_hub needs

from .messages import as_json
from .routing import route
from .spaces import space_card_problems


@route("POST", "/api/validate-yaml")
def validate_yaml(hub, call):
    try:
        sent = call.json()
        data = front_matter(sent["content"])
        problems = [] if data is None else list(card_problems(data))
        if sent.get("repoType") == "space":
            problems += space_card_problems(data or {})
    except ValueError as error:
        data, problems = {}, [str(error)]
    if problems:
        return as_json({"errors": [{"message": problem} for problem in problems], "warnings": []}, status=400)
    warnings = [{"message": "empty or missing yaml metadata in repo card"}] if data is None else []
    return {"errors": [], "warnings": warnings}


def front_matter(text):
    """The metadata of a card, None where there is none; ValueError says what is wrong with it."""
    found = re.match(r"\s*---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(\r?\n|$)", text, flags=re.DOTALL)
    try:
        data = yaml.safe_load(found[1]) if found else None
    except yaml.YAMLError as error:
        raise ValueError(f"YAML metadata is not valid: {error}") from None
    if data is not None and not isinstance(data, dict):
        raise ValueError("YAML metadata must be a mapping")
    return data


def card_problems(data):
    def items(name):
        value = data.get(name) or []
        return value if isinstance(value, list) else [value]

    for name in ("tags", "datasets", "metrics", "task_categories", "task_ids", "size_categories"):
        if not all(isinstance(item, str) for item in items(name)):
            yield f'"{name}" must be a string or a list of strings'
    if not isinstance(data.get("license") or "", str | list):
        yield '"license" must be a string'
    for config in items("configs"):
        if not isinstance(config, dict) or "config_name" not in config:
            yield '"configs" must be a list of mappings with a "config_name"'
    for model in items("model-index"):
        if not isinstance(model, dict) or "name" not in model or not isinstance(model.get("results"), list):
            yield '"model-index" must be a list of mappings with a "name" and "results"'
