"""The logits of the few tokens that may come next at a row, without those of the rest of the vocabulary.

Rows are taken in pieces, each against the rows of the head that any of them asks for: places in the lines of one file
allow much the same tokens, and one product of some more numbers is faster than many small ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from backend.step import moved

if TYPE_CHECKING:
    from backend.batch import Choices
    from backend.ops import Ops
    from backend.parallel import Group
    from backend.split import Split

__all__ = ["choice_logits"]

_ROWS = 256
"""Rows of one piece: 256 * 152k * 2 bytes are 78 MB, where all of the vocabulary is asked for."""
_HEAD_ROWS = 8192
"""Rows of the head that are copied together at once: 59 MB of the 7B."""


def choice_logits(
    hidden: torch.Tensor, choices: Choices, head: torch.Tensor, split: Split, group: Group, ops: Ops
) -> torch.Tensor:
    """[sum of `choices.lengths`] float32, row after row; `hidden` [c, hidden] are the rows of `choices`.

    `head` [v, hidden] are this rank's rows, those of the ids `split.vocab`. Logits are rounded to the model's type.
    """
    cuts = range(0, len(choices.rows), _ROWS)
    here = torch.cat([_piece(hidden[at : at + _ROWS], choices, at, head, split, ops) for at in cuts])
    if group.size == 1:
        return here
    # A rank says -inf where the id is another's.
    return group.gather(here).amax(dim=0)


def _piece(
    hidden: torch.Tensor, choices: Choices, first: int, head: torch.Tensor, split: Split, ops: Ops
) -> torch.Tensor:
    """`choice_logits` of one rank, for as many rows from number `first` on as `hidden` has."""
    sets, which = np.unique(np.asarray(choices.sets[first : first + len(hidden)], np.int64), return_inverse=True)
    ids = [choices.ids[choices.starts[one] : choices.starts[one + 1]] for one in sets]
    asked, places = np.unique(np.concatenate(ids), return_inverse=True)
    lengths = np.array([len(one) for one in ids], np.int64)
    begins = np.cumsum(lengths) - lengths
    low, high = np.searchsorted(asked, (split.vocab.start, split.vocab.stop))
    fields = [asked[low:high] - split.vocab.start, places, begins[which], lengths[which]]
    own, place, begin, length = moved(fields, hidden.device)
    logits = hidden.new_full((len(hidden), len(asked)), -torch.inf)
    for at in range(0, high - low, _HEAD_ROWS):
        rows = own[at : at + _HEAD_ROWS]
        logits[:, low + at : low + at + len(rows)] = ops.linear(hidden, head[rows])
    # Row `i` wants the `length[i]` columns from `place[begin[i]]` on. The sum is on the host: nothing waits for it.
    total = int(lengths[which].sum())
    row = torch.repeat_interleave(torch.arange(len(hidden), device=hidden.device), length, output_size=total)
    within = torch.arange(total, device=hidden.device) - (length.cumsum(0) - length)[row]
    return logits[row, place[begin[row] + within]].float()
