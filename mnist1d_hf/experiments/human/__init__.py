"""The quiz that takes the place of the paper's human (Table 1, supplementary figure)."""
