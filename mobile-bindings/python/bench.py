"""What one call through the Python binding costs, in µs: the middle of many rounds, as a line of JSON.

Its floor: a call of the C library's `abs` by what the binding calls with, ctypes."""

import ctypes
import json
import statistics
import time

from huizheng_phone import huizheng

ROUNDS, CALLS = 25, 5_000


def call_us(call, *arguments):
    def round_us():
        began = time.perf_counter()
        for _ in range(CALLS):
            call(*arguments)
        return (time.perf_counter() - began) / CALLS * 1e6

    return statistics.median(round_us() for _ in range(ROUNDS))


if __name__ == "__main__":
    bare = ctypes.CDLL(None).abs
    bare.argtypes, bare.restype = [ctypes.c_int], ctypes.c_int
    # It answers from memory and takes no lock that anybody else holds: what is measured is the crossing.
    handle = huizheng.CancelHandle()
    floor, value = call_us(bare, -1), call_us(handle.is_cancelled)
    line = {"name": "call/python_us", "value": round(value, 3), "unit": "us", "floor": round(floor, 3)}
    print(json.dumps(line | {"ratio": round(value / floor, 3)}))
