"""The transformer, beyond the paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...dataset.templates import NUM_CLASSES
from ...utils.checks import check_integer
from ..recipes import TrainingSettings
from .base import LENGTH, Baseline, register


@register(cost=60, recipes={"tuned": TrainingSettings(steps=6000, label_smoothing=0.1, log_every=400)})
class Transformer(Baseline):
    """A small encoder over patches of the signal, with learned positions (26,474 parameters).

    Parameters
    ----------
    final_seq_length, num_classes : int
        See `Baseline`; the length must be a multiple of the patch size.
    patch_size : int
        Points of a patch.
    hidden_size : int
        Size of an embedded patch, a multiple of the number of heads.
    num_layers : int
        Encoder layers.
    num_heads : int
        Attention heads.
    """

    architecture = "transformer"

    def __init__(
        self,
        final_seq_length: int = LENGTH,
        num_classes: int = NUM_CLASSES,
        patch_size: int = 5,
        hidden_size: int = 32,
        num_layers: int = 3,
        num_heads: int = 4,
    ) -> None:
        super().__init__(final_seq_length, num_classes)
        self.patch_size = check_integer("patch_size", patch_size, low=1)
        self.hidden_size = check_integer("hidden_size", hidden_size, low=1)
        self.num_layers = check_integer("num_layers", num_layers, low=1)
        self.num_heads = check_integer("num_heads", num_heads, low=1)
        if final_seq_length % patch_size or hidden_size % num_heads:
            raise ValueError(
                f"final_seq_length={final_seq_length} must be a multiple of patch_size={patch_size}, and "
                f"hidden_size={hidden_size} of num_heads={num_heads}"
            )
        self.embed = nn.Linear(patch_size, hidden_size)
        self.positions = nn.Parameter(0.02 * torch.randn(final_seq_length // patch_size, hidden_size))
        self.layers = nn.ModuleList(EncoderLayer(hidden_size, num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size)
        self.linear = nn.Linear(hidden_size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits of shape (batch, num_classes)."""
        self.check_input(x)
        h = self.embed(x.unflatten(1, (-1, self.patch_size))) + self.positions  # (batch, patches, hidden_size)
        for layer in self.layers:
            h = layer(h)
        logits: Tensor = self.linear(self.norm(h).mean(1))
        return logits


class EncoderLayer(nn.Module):
    """Attention and two linear layers, each after a norm and added to its input."""

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.norm1 = nn.LayerNorm(hidden_size)
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.project = nn.Linear(hidden_size, hidden_size)
        self.norm2 = nn.LayerNorm(hidden_size)
        self.linear1 = nn.Linear(hidden_size, 2 * hidden_size)
        self.linear2 = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """Return a tensor of the input's shape (batch, patches, hidden_size)."""
        heads = self.query_key_value(self.norm1(x)).unflatten(2, (3, self.num_heads, -1))
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (batch, heads, patches, size of a head)
        attended = F.scaled_dot_product_attention(query, key, value)
        x = x + self.project(attended.transpose(1, 2).flatten(2))
        out: Tensor = x + self.linear2(F.gelu(self.linear1(self.norm2(x))))
        return out
