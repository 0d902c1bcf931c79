"""The dataset: parameters, templates, generator, builder, and its registration with `datasets`."""
