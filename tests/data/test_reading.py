from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from histo_core.config import Config
from histo_core.data.dataset import Dataset
from histo_core.data.reading import read_each
from histo_core.errors import CorruptDataError


class Torn(Dataset):
    """Patches of one value, of which rows 3 and 4 cannot be read."""

    @classmethod
    def open(cls, root: object, options: Config, workspace: object) -> Dataset:
        raise NotImplementedError

    def read_source(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        if {3, 4} & {int(row) for row in indices}:
            raise CorruptDataError("Torn.")
        return np.stack([np.full((2, 2, 3), row, np.uint8) for row in indices])


@pytest.mark.parametrize("rows", [[], [1], [3], [4, 3], [9, 3, 0, 4, 7]])
def test_what_can_be_read_is_read_in_order(rows: list[int]) -> None:
    torn = Torn("torn", pd.DataFrame({"sample_id": [f"s{row}" for row in range(10)], "label": 0}), ("one",))
    found = read_each(torn, np.array(rows, int))
    assert [None if image is None else int(image[0, 0, 0]) for image in found] == [
        None if row in (3, 4) else row for row in rows
    ]
