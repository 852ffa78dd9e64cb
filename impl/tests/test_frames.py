"""The r-frame reshape against an index oracle, and the post's view against both."""

from math import gcd

import pytest
import torch

from ..speech.frames import stack_frames, unstack_frames


@pytest.mark.parametrize(("T", "B", "r", "d"), [(3, 5, 2, 4), (2, 4, 3, 1), (1, 1, 4, 2), (0, 3, 2, 2), (3, 2, 1, 5)])
def test_every_frame_is_where_it_belongs(T: int, B: int, r: int, d: int) -> None:
    y = torch.arange(T * B * r * d).reshape(T, B, r * d).float()
    y[y == 7] = torch.nan
    out = unstack_frames(y, r)
    assert out.shape == (T * r, B, d)
    for t in range(T):
        for i in range(r):
            assert torch.equal(out[t * r + i].nan_to_num(-1), y[t, :, i * d : (i + 1) * d].nan_to_num(-1))
    assert torch.equal(stack_frames(out, r).nan_to_num(-1), y.nan_to_num(-1))
    turned = y.transpose(0, 1)
    batch_major = unstack_frames(turned, r, "batch-major")
    assert torch.equal(batch_major.nan_to_num(-1), out.transpose(0, 1).nan_to_num(-1))
    assert torch.equal(stack_frames(batch_major, r, "batch-major").nan_to_num(-1), turned.nan_to_num(-1))


def test_the_view_of_the_post_agrees_on_few_frames() -> None:
    for B in range(1, 8):
        for r in range(1, 6):
            y = torch.arange(B * r * 4).reshape(1, B, r * 4)
            agree = int((unstack_frames(y, r) == y.view(r, B, 4)).all(-1).sum())
            assert agree == (B * r if 1 in (B, r) else 1 + gcd(B - 1, r - 1))


def test_impossible_frames_raise() -> None:
    y = torch.zeros(2, 3, 6)
    with pytest.raises(ValueError, match="divisible by r = 4"):
        unstack_frames(y, 4)
    with pytest.raises(ValueError, match="divisible by r = 4"):
        stack_frames(y, 4)
    for r in (0, -1, True, 2.0):
        with pytest.raises(ValueError, match="r: expected an integer"):
            unstack_frames(y, r)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 dimensions"):
        unstack_frames(y[0], 2)
    with pytest.raises(ValueError, match="layout: expected"):
        stack_frames(y, 2, "frames-first")  # type: ignore[arg-type]
