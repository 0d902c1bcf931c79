"""Runs an ONNX file of somebody else, in a process of its own: signals on standard input, logits on standard output.

The process may take a limited amount of memory and time, and its end takes along what the file made of it. It is no jail: a
file that exploits a mistake in onnxruntime can do what the user can.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_MEMORY = 4 * 2**30
"""Bytes of memory that an ONNX file may take; where the system knows such limits, as Linux does."""
MAX_SECONDS = 300
"""Seconds that an ONNX file may take to classify the rows it is given."""
MAX_CLASSES = 100
"""Classes that it may have."""

REFUSED = 3
"""Exit status if the file is refused; the reason is on standard output."""

_BATCH = 1000
_FLOATS: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
}


def main(path: str) -> None:
    """Classify the signals on standard input, an array as numpy saves it; exit with `REFUSED` if the file cannot do that."""
    signals = np.load(io.BytesIO(sys.stdin.buffer.read()))
    _limit()
    answer = io.BytesIO()
    try:
        np.save(answer, _classify(Path(path), signals))
    except MemoryError:
        _refuse(f"takes more than {MAX_MEMORY / 2**30:g} GiB of memory")
    except ValueError as error:
        _refuse(str(error))
    sys.stdout.buffer.write(answer.getvalue())


def _refuse(reason: str) -> None:
    sys.stdout.buffer.write(reason.encode("utf-8", errors="replace"))
    sys.stdout.buffer.flush()
    sys.exit(REFUSED)


def _limit() -> None:
    """Limit the memory and the time of this process, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    for name, limit in (("RLIMIT_AS", MAX_MEMORY), ("RLIMIT_CPU", MAX_SECONDS), ("RLIMIT_CORE", 0)):
        with suppress(AttributeError, ValueError, OSError):
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _classify(path: Path, signals: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the logits of all signals; a ValueError says what is wrong with the file, as the rest of a sentence about it."""
    import onnxruntime

    content = path.read_bytes()
    _refuse_other_files(content)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Without it, a file in the runtime's own format is read too, which the check above cannot.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        name, dtype = _check_signature(session, signals.shape[1])
        batches = np.array_split(signals.astype(dtype), range(_BATCH, len(signals), _BATCH))
        return np.concatenate([_check_logits(session.run(None, {name: batch})[0], len(batch)) for batch in batches])
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # onnxruntime's have no base of their own
        raise ValueError(f"cannot be run by onnxruntime: {' '.join(str(error).split())[:300]}") from error


def _refuse_other_files(content: bytes) -> None:
    """Raise a ValueError if an ONNX file names others, which may be any on this machine."""
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's
        raise ValueError("is not an ONNX file; download or export it again") from error
    if not model.graph.node:
        raise ValueError("is not an ONNX file of a model: its graph is empty")
    pending = [model]
    while pending:
        message = pending.pop()
        if isinstance(message, onnx.TensorProto):
            if message.data_location == onnx.TensorProto.EXTERNAL or message.external_data:
                raise ValueError("keeps weights in other files, which are not read; export it as a single file")
            continue
        for field, value in message.ListFields():
            if field.message_type:
                pending.extend([value] if hasattr(value, "ListFields") else value)


def _check_signature(session: Any, length: int) -> tuple[str, type[np.floating[Any]]]:
    """Return name and type of the input; raise a ValueError unless signals of this length go in, and logits come out."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(f"has {len(inputs)} inputs and {len(outputs)} outputs; it must take signals and return logits")
    signals, logits = inputs[0], outputs[0]
    if signals.type not in _FLOATS or logits.type not in _FLOATS:
        raise ValueError(f"takes {signals.type} and returns {logits.type}; both must be tensors of floats")
    shape = signals.shape
    if len(shape) != 2:
        raise ValueError(f"takes {_format(shape)}; signals are of shape (batch, length)")
    if isinstance(shape[0], int):
        raise ValueError(
            f"takes batches of {shape[0]} only; export it with a free size of the batch, for torch.onnx.export by "
            f"dynamic_axes or dynamic_shapes"
        )
    if isinstance(shape[1], int) and shape[1] != length:
        raise ValueError(f"takes signals of {shape[1]} points, and these have {length}")
    return signals.name, _FLOATS[signals.type]


def _check_logits(logits: Any, rows: int) -> NDArray[np.float64]:
    shape: tuple[int, ...] = getattr(logits, "shape", ())
    if len(shape) != 2 or shape[0] != rows or not 0 < shape[1] <= MAX_CLASSES:
        raise ValueError(
            f"returns {_format(shape)} for {rows} signals; logits are of shape (batch, classes), at most {MAX_CLASSES} classes"
        )
    return np.asarray(logits, np.float64)


def _format(shape: Any) -> str:
    return f"a tensor of shape ({', '.join(str(size)[:20] for size in shape)})"
