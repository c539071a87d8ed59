"""Compiled inner loops of `jpeg.check_coefficients`; they decode every code of a scan and keep nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

WHOLE, TOO_MANY, TOO_LARGE, UNREADABLE = 0, 1, 2, 3
LARGEST, LARGEST_OTHER = 8.0 * 160, 8.0 * 160 * 1.64
"""Largest DC coefficient and largest AC coefficient of pixels at most 160 from mid-grey (A.3.3). 128 would be enough
for pixels of 8 bits, but an encoder may let edges overshoot by 31 (mozjpeg's deringing)."""


def _compiled(function: Callable[..., Any]) -> Any:
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # no writable place for numba's cache
        return numba.njit(nogil=True)(function)


@_compiled
def _fill(data: np.ndarray, place: int, held: Any, left: int) -> tuple[int, int, int]:
    """Fill the bit buffer to more than 40 bits, as far as the data last: they end at a marker (F.2.2.5)."""
    held &= (1 << left) - 1
    while left <= 40 and place < len(data):
        byte = np.int64(data[place])
        if byte == 0xFF:
            if place + 1 >= len(data) or data[place + 1] != 0:
                break
            place += 1  # a stuffed zero
        place += 1
        held, left = held << 8 | byte, left + 8
    return place, held, left


@_compiled
def _short_codes(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Tabulate codes of up to 8 bits: length << 8 | value by table and next 8 bits; 0 where the code is longer."""
    quick = np.zeros((8, 256), np.int64)
    for table in range(8):
        for length in range(8):
            for code in range(codes[table, 0, length], codes[table, 1, length] + 1):
                at, first = codes[table, 2, length] + code - codes[table, 0, length], code << (7 - length)
                if code >= 0 and at < 256 and first + (1 << (7 - length)) <= 256:
                    quick[table, first : first + (1 << (7 - length))] = (length + 1) << 8 | values[table, at]
    return quick


@_compiled
def walk(
    data: np.ndarray,
    place: int,
    units: int,
    component: np.ndarray,
    tables: np.ndarray,
    steps: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    restart: int,
) -> int:
    """Return the number of what is wrong with a scan, or `WHOLE`.

    Args:
        data: uint8, the file.
        place: index where the scan's data begin.
        units: number of minimum coded units.
        component: int64 [b], the component of each block of a unit.
        tables: int64 [b, 2], each block's Huffman tables for the DC and for the AC coefficients.
        steps: float64 [b, 64], each block's quantisation steps, in zigzag order.
        codes: int64 [8, 3, 16], by table and code length: first code, last code (-1 for none), index of the first
            value.
        values: int64 [8, 256], the values that codes stand for.
        restart: units between two restart markers; 0 for none.
    """
    held, left = 0, 0
    mean, quick = np.zeros(len(component), np.int64), _short_codes(codes, values)
    for unit in range(units):
        if restart and unit and unit % restart == 0:
            if place + 1 >= len(data) or data[place] != 0xFF or data[place + 1] >> 3 != 0xD0 >> 3:
                return UNREADABLE
            place, held, left = place + 2, 0, 0
            mean[:] = 0
        for block in range(len(component)):
            k = 0
            while k < 64:
                place, held, left = _fill(data, place, held, left)
                table = tables[block, min(k, 1)]
                ahead = (held >> (left - 16) if left >= 16 else held << (16 - left)) & 0xFFFF
                length, symbol = quick[table, ahead >> 8] >> 8, quick[table, ahead >> 8] & 255
                if length == 0:
                    length = 9
                    while length < 17 and ahead >> (16 - length) > codes[table, 1, length - 1]:
                        length += 1  # lengths without a code have the last code -1
                    if length == 17:
                        return UNREADABLE
                    at = codes[table, 2, length - 1] + (ahead >> (16 - length)) - codes[table, 0, length - 1]
                    if at < 0 or at > 255:
                        return UNREADABLE
                    symbol = values[table, at]
                run, size = symbol >> 4, symbol & 15
                left -= length
                if k > 0 and size == 0 and run < 15:
                    if left < 0:
                        return UNREADABLE
                    break  # the rest of the block is zero
                k += run if k > 0 else 0
                if left < size:
                    return UNREADABLE
                if k > 63:
                    return TOO_MANY
                left -= size
                value = held >> left & ((1 << size) - 1)
                if size and value < 1 << (size - 1):
                    value -= (1 << size) - 1
                largest = LARGEST_OTHER
                if k == 0:
                    mean[component[block]] += value
                    value, largest = mean[component[block]], LARGEST
                if abs(value) * steps[block, k] > largest + steps[block, k]:
                    return TOO_LARGE
                k += 1
    return WHOLE
