"""Reading a double's bit pattern as an integer, and back, inside compiled code.

numba has no bit cast between scalars, so the two casts are LLVM `bitcast`
instructions (free: no instruction is executed in vector code). With
`NUMBA_DISABLE_JIT=1` NumPy views take their place.
"""

from typing import Any

import numba
import numba.extending
import numpy as np

from hedge_env.base.kernel import scalar_kernel

_WORD = 0xFFFF_FFFF_FFFF_FFFF


def _bit_cast(source: Any, result: Any) -> Any:
    """Intrinsic that reinterprets a `source` number as a `result` number."""

    def cast(typing_context: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], context.get_value_type(result))

        return result(source), generate

    return numba.extending.intrinsic(cast)


if numba.config.DISABLE_JIT:

    def float_to_bits(value: float) -> np.uint64:
        """Bit pattern of a double."""
        return np.float64(value).view(np.uint64)

    def bits_to_float(bits: np.uint64) -> float:
        """Double with the given bit pattern."""
        return bits.view(np.float64)

    def add_bits(a: np.uint64, b: np.uint64) -> np.uint64:
        """Sum modulo 2^64, without NumPy's overflow warning."""
        return np.uint64((int(a) + int(b)) & _WORD)

else:
    _to_bits = _bit_cast(numba.types.float64, numba.types.uint64)
    _to_float = _bit_cast(numba.types.uint64, numba.types.float64)

    @scalar_kernel
    def float_to_bits(value: float) -> np.uint64:
        """Bit pattern of a double."""
        return _to_bits(value)  # type: ignore[no-any-return]  # numba is untyped

    @scalar_kernel
    def bits_to_float(bits: np.uint64) -> float:
        """Double with the given bit pattern."""
        return _to_float(bits)  # type: ignore[no-any-return]  # numba is untyped

    @scalar_kernel
    def add_bits(a: np.uint64, b: np.uint64) -> np.uint64:
        """Sum modulo 2^64."""
        return a + b
