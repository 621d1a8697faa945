"""An independent encoder of consent strings, written from the specifications."""

from string import ascii_lowercase, ascii_uppercase, digits

ALPHABET = f"{ascii_uppercase}{ascii_lowercase}{digits}-_"


def encoded(*fields: tuple[int, int]) -> str:
    """The (value, width) pairs as bits in web-safe Base64, padded with zeros."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def tc_string(purposes: set[int], version: int = 2) -> str:
    """The core segment of a TC string with consent to these purposes and to no vendor."""
    consents = sum(1 << (24 - purpose) for purpose in purposes)
    before = ((version, 6), (1, 36), (1, 36), (7, 12), (1, 12), (1, 6), (0, 12), (1, 12), (5, 6), (0, 14))
    return encoded(*before, (consents, 24), (0, 24), (0, 1), (0, 12), (0, 16), (0, 1), (0, 16), (0, 1))


def fibonacci(number: int) -> str:
    """The bits of a number in Fibonacci coding."""
    weights = [1, 2]
    while weights[-1] <= number:
        weights.append(weights[-1] + weights[-2])
    word = ""
    for weight in reversed(weights[:-1]):
        word = ("1" if weight <= number else "0") + word
        number -= weight * (weight <= number)
    return word + "1"


def gpp_header(*entries: int | tuple[int, int]) -> str:
    """The GPP header with these sections. A pair is a range, from the first to the last section."""
    bits = f"{3:06b}{1:06b}{len(entries):012b}"
    last = 0
    for entry in entries:
        first, final = entry if isinstance(entry, tuple) else (entry, entry)
        bits += "01"[isinstance(entry, tuple)] + fibonacci(first - last)
        if isinstance(entry, tuple):
            bits += fibonacci(final - first)
        last = final
    return encoded(*((int(bit), 1) for bit in bits))


def usnat(
    opt_outs: tuple[int, int, int] = (2, 2, 2),
    children: tuple[int, ...] = (0, 0),
    version: int = 1,
    sensitive: tuple[int, ...] = (),
) -> str:
    """The core of the US national section. `sensitive` has the values of the first kinds of sensitive data."""
    more = (0,) * ((12 if version == 1 else 16) - len(sensitive))
    fields = (*(1,) * 6, *opt_outs, *sensitive, *more, *children, 0, 1, 1, 2)
    return encoded((version, 6), *((field, 2) for field in fields))


CONSENT = tc_string({1, 2, 3, 4, 7})
REFUSAL = tc_string(set())
GPP_OPT_OUT = f"{gpp_header(7)}~{usnat((1, 2, 2))}"
GPP_NO_OPT_OUT = f"{gpp_header(7)}~{usnat()}"
