"""The encoding of the IAB's consent strings: web-safe Base64, six bits a character, without padding."""

from string import ascii_lowercase, ascii_uppercase, digits

_SIX = {character: f"{value:06b}" for value, character in enumerate(f"{ascii_uppercase}{ascii_lowercase}{digits}-_")}


MAX_CHARACTERS = 64
"""The most characters that are decoded. No valid text is longer, so a longer text is refused undecoded."""


class Unreadable(ValueError):
    """A string that does not follow its specification."""


class Bits:
    """Reads a Base64 text from its first bit on. Raises Unreadable for a foreign character, and past the end."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARACTERS:
            raise Unreadable
        try:
            self._bits = "".join(map(_SIX.__getitem__, text))
        except KeyError:
            raise Unreadable from None
        self._at = 0

    def take(self, width: int) -> int:
        """The next `width` bits as a number, the highest first."""
        end = self._at + width
        if end > len(self._bits):
            raise Unreadable
        self._at, start = end, self._at
        return int(self._bits[start:end], 2)

    def take_fibonacci(self) -> int:
        """The next number in Fibonacci coding, of 1 and above (GPP Consent String Specification, Fibonacci)."""
        end = self._bits.find("11", self._at)
        if end < 0:
            raise Unreadable
        total, weight, next_weight = 0, 1, 2
        for bit in self._bits[self._at : end + 1]:
            total += weight * (bit == "1")
            weight, next_weight = next_weight, weight + next_weight
        self._at = end + 2
        return total
