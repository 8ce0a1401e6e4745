"""What a hostile screen may show to a camera: each code has an answer, and none ends anything. Frames are made here by docs/offline-qr.md."""

import hashlib
import random

import pytest
from huizheng_phone import huizheng

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
Seen = huizheng.QrSeen


def base45(data):
    text = ""
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        text += "".join(ALPHABET[number // 45**digit % 45] for digit in range(len(pair) + 1))
    return text


def digest(data, length):
    return hashlib.sha256(data).digest()[:length]


def frame(message, total, number, *, named=None, length=None, chunk=None, check=None):
    """One frame of a message, or one that says something else."""
    size = -(-len(message) // max(total, 1))
    chunk = message[number * size : (number + 1) * size] if chunk is None else chunk
    length = len(message) if length is None else length
    body = digest(message, 8) if named is None else named
    body += length.to_bytes(3, "big") + bytes([total, number]) + chunk
    return "HZ1:" + base45(body + (digest(body, 4) if check is None else check)) + "."


def frames(message, total):
    return [frame(message, total, number) for number in range(total)]


MESSAGE = bytes(range(256)) * 8


def test_out_of_order_again_and_again_it_is_whole_in_the_end():
    codes = frames(MESSAGE, 20)
    random.Random(1).shuffle(codes)
    collector = huizheng.QrCollector()
    for have, code in enumerate(codes[:-1], 1):
        for _ in range(3):
            assert collector.add(code.lower() + "\r\n") == Seen.PART(have=have, total=20)
    assert collector.add(codes[-1]) == Seen.WHOLE(message=MESSAGE)


def test_two_codes_before_one_camera_do_not_mix():
    first, second = frames(MESSAGE, 4), frames(MESSAGE[::-1], 4)
    collector = huizheng.QrCollector()
    for mine, other in zip(first[:-1], second):
        assert isinstance(collector.add(mine), Seen.PART)
        assert isinstance(collector.add(other), Seen.OTHER_CODE)
    assert collector.add(first[-1]) == Seen.WHOLE(message=MESSAGE)


@pytest.mark.parametrize(
    "name, code, kind",
    [
        ("empty", "", Seen.NOT_OURS),
        ("a_link", "openid4vp://authorize?client_id=x", Seen.NOT_OURS),
        ("another_alphabet", "HZ1:惠.", Seen.MISREAD),
        ("longer_than_a_code_holds", "HZ1:" + "0" * 5_000 + ".", Seen.MISREAD),
        ("ten_megabytes", "HZ1:" + "0" * 10_000_000, Seen.MISREAD),
        ("cut", frame(MESSAGE, 4, 0)[:-4] + ".", Seen.MISREAD),
        ("check_wrong", frame(MESSAGE, 4, 0, check=b"none"), Seen.MISREAD),
        ("total_of_none", frame(MESSAGE, 0, 0, chunk=b"x"), Seen.MISREAD),
        ("total_beyond_64", frame(MESSAGE, 255, 0), Seen.MISREAD),
        ("number_beyond_total", frame(MESSAGE, 4, 9, chunk=MESSAGE[:512]), Seen.MISREAD),
        ("sixteen_megabytes_promised", frame(MESSAGE, 64, 0, length=0xFFFFFF), Seen.MISREAD),
        ("nothing_promised", frame(MESSAGE, 1, 0, length=0, chunk=b""), Seen.MISREAD),
        ("chunk_too_long", frame(MESSAGE, 4, 0, chunk=MESSAGE[:600]), Seen.MISREAD),
        ("not_what_its_name_says", frame(MESSAGE, 1, 0, named=b"12345678"), Seen.MISREAD),
    ],
)
def test_a_frame_that_is_none(name, code, kind):
    collector = huizheng.QrCollector()
    assert isinstance(collector.add(code), kind), name
    # Nothing of it was kept.
    assert collector.add(frame(MESSAGE, 1, 0)) == Seen.WHOLE(message=MESSAGE)


def test_a_frame_that_contradicts_another():
    collector = huizheng.QrCollector()
    assert isinstance(collector.add(frame(MESSAGE, 4, 0)), Seen.PART)
    assert isinstance(collector.add(frame(MESSAGE, 4, 0, chunk=MESSAGE[1:513])), Seen.MISREAD)
    assert isinstance(collector.add(frame(MESSAGE, 8, 1)), Seen.MISREAD)
    for number in (1, 2):
        assert isinstance(collector.add(frame(MESSAGE, 4, number)), Seen.PART)
    assert collector.add(frame(MESSAGE, 4, 3)) == Seen.WHOLE(message=MESSAGE)


def test_a_hundred_thousand_frames_of_as_many_codes():
    collector = huizheng.QrCollector()
    assert isinstance(collector.add(frame(MESSAGE, 2, 0)), Seen.PART)
    others = [frame(bytes([number]) * 99, 3, 0) for number in range(100)]
    for number in range(100_000):
        assert isinstance(collector.add(others[number % 100]), Seen.OTHER_CODE)
    assert collector.add(frame(MESSAGE, 2, 1)) == Seen.WHOLE(message=MESSAGE)


async def test_a_message_that_is_none(phone):
    wallet = await phone.create()
    hostile = [b"", b"\x01", b"\x01\x01", b"\x02\x01", b"\x01\x02" + bytes(100), bytes(65_536), b"\xff" * 65_536, MESSAGE]
    dice = random.Random(2)
    hostile += [b"\x01\x01" + dice.randbytes(dice.randrange(400)) for _ in range(200)]
    for message in hostile:
        with pytest.raises(huizheng.WalletError.GetNewRequest) as refused:
            await wallet.review_offline(message)
        assert refused.value.reason
