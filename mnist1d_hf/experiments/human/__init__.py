"""A quiz that replaces the paper's human baseline (Table 1, supplementary figure)."""
