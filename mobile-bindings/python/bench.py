"""What one call through the Python binding costs, in µs: the middle of many rounds, as a line of JSON."""

import json
import statistics
import time

from huizheng_phone import huizheng

ROUNDS, CALLS = 25, 5_000


def call_us(call):
    def round_us():
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        return (time.perf_counter() - began) / CALLS * 1e6

    return statistics.median(round_us() for _ in range(ROUNDS))


if __name__ == "__main__":
    # It answers from memory and takes no lock that anybody else holds: what is measured is the crossing.
    handle = huizheng.CancelHandle()
    print(json.dumps({"name": "call/python_us", "value": round(call_us(handle.is_cancelled), 3), "unit": "us"}))
