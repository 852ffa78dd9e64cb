"""The subject as a law sees it: arrays in, arrays out, every call guarded, noted and in the subject's own dtype."""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from prufrock.shapes import bind, expected
from prufrock.subjects import Subject

if TYPE_CHECKING:
    from prufrock.chance import Chance


class SubjectRaised(Exception):
    """The subject raised on valid input; its own exception is the cause."""


class SubjectMisbehaved(Exception):
    """What the subject returned is not what its contract promises: wrong shape, wrong number of outputs, no array."""


class OutsideDomain(Exception):
    """The arguments are outside the domain that the subject documents; the case says nothing about it."""


class Watch(Protocol):
    """Told of each case and of each entry into the subject, so that a crash or a hang can be named."""

    def case(self, case: Any) -> None: ...
    def enter(self) -> None: ...
    def leave(self) -> None: ...


class Call(NamedTuple):
    """One call of the subject, as replayed by an emitted script."""

    arguments: tuple[Any, ...]
    outputs: tuple[Any, ...] | None


class Judged:
    """The callable handed to a law.

    solve(...) is the main output in float64; solve.full(...) has every declared output as an attribute; solve.raw(...)
    is the subject's own function with nothing copied or converted; solve.signals(...) is (outputs, warnings raised);
    solve.chance asks questions about its random numbers, whose seeds follow from the root seed, the law and the case.
    """

    def __init__(self, subject: Subject, watch: Watch | None = None) -> None:
        self.subject = subject
        self.u = subject.u
        self.dtype = np.dtype(subject.dtype if subject.dtype != "bfloat16" else "float32")
        self.accuracy = subject.accuracy
        self.conventions = subject.conventions
        self.calls: list[Call] = []
        self.ask: Callable[[], Chance] | None = None
        self._watch = watch
        self._chance: Chance | None = None

    @property
    def chance(self) -> Chance:
        """Chance for this law and this case; a law that asks for it is of kind "statistical"."""
        if self._chance is None:
            if self.ask is None:
                raise TypeError("subject.chance: only a law of kind 'statistical' may ask for it")
            self._chance = self.ask()
        return self._chance

    def begin(self, ask: Callable[[], Chance] | None) -> None:
        """A new case: no calls yet, and chance of its own."""
        self.calls.clear()
        self.ask, self._chance = ask, None

    def __call__(self, *arguments: Any) -> Any:
        return getattr(self.full(*arguments), self.subject.contract.main)

    def full(self, *arguments: Any) -> Any:
        return self.signals(*arguments)[0]

    def signals(self, *arguments: Any) -> tuple[Any, list[str]]:
        """Outputs, and the messages of the warnings raised on the way."""
        given = tuple(self._cast(argument) for argument in arguments)
        self._refuse(given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            returned = self.raw(*given)
        outputs = self._outputs(arguments, returned)
        return SimpleNamespace(**outputs), [str(w.message) for w in caught]

    def raw(self, *arguments: Any) -> Any:
        """Call the subject with exactly these objects; whatever it raises is its own."""
        self.calls.append(Call(tuple(copy.copy(a) for a in arguments), None))
        if self._watch:
            self._watch.enter()
        try:
            return self.subject.run(*arguments)
        except (Exception, SystemExit) as error:
            raise SubjectRaised(f"{type(error).__name__}: {error}") from error
        finally:
            if self._watch:
                self._watch.leave()

    def quietly(self, run: Callable[[], Any]) -> Any:
        """run() with the subject's warnings unheard."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()

    def _cast(self, argument: Any) -> Any:
        if isinstance(argument, np.ndarray) and argument.dtype.kind == "f":
            return np.array(argument, dtype=self.dtype, order="C")
        return argument.copy() if isinstance(argument, np.ndarray) else argument

    def _refuse(self, arguments: tuple[Any, ...]) -> None:
        if not accepted(self.subject, arguments):
            raise OutsideDomain(self.subject.name)

    def _outputs(self, arguments: tuple[Any, ...], returned: Any) -> dict[str, Any]:
        names, contract = self.subject.outputs, self.subject.contract
        values = (returned,) if len(names) == 1 else tuple(returned) if isinstance(returned, (tuple, list)) else ()
        if len(values) != len(names):
            raise SubjectMisbehaved(f"returned {_describe(returned)} where ({', '.join(names)}) was declared")
        sizes = bind(contract.arguments, arguments)
        outputs = {
            name: _plain(as_numbers(name, value, expected(contract.outputs[name], sizes)))
            for name, value in zip(names, values, strict=True)
        }
        if self.ask is None:  # thousands of draws say nothing to a reader, and follow from their seed
            self.calls[-1] = self.calls[-1]._replace(outputs=tuple(outputs.values()))
        return outputs


def rounded(case: Any, dtype: str) -> Any:
    """The case with every floating array rounded to `dtype` and held in float64, so that all parties see one input."""
    if dtype == "float64" or not dataclasses.is_dataclass(case) or isinstance(case, type):
        return case
    narrow = np.dtype(dtype if dtype != "bfloat16" else "float32")
    fields = {f.name: getattr(case, f.name) for f in dataclasses.fields(case) if f.init}
    arrays = {k: v for k, v in fields.items() if isinstance(v, np.ndarray) and v.dtype == np.float64}
    return dataclasses.replace(case, **{k: v.astype(narrow).astype(np.float64) for k, v in arrays.items()})


def accepted(subject: Subject, arguments: tuple[Any, ...]) -> bool:
    """Whether the arguments are in the subject's documented domain; where that cannot even be computed, they are not."""
    if subject.accepts is None:
        return True
    try:
        return bool(subject.accepts(*arguments))
    except Exception:
        return False


def as_numbers(name: str, value: Any, shape: tuple[int, ...] | None = None) -> Any:
    """An output as an array, or SubjectMisbehaved if it is none, or not of the shape that was promised."""
    try:
        array = np.asarray(value)
    except Exception as error:
        raise SubjectMisbehaved(f"{name} is {_describe(value)}, not an array: {error}") from error
    if array.dtype.kind not in "fiubc":
        raise SubjectMisbehaved(f"{name} is {_describe(value)} where numbers were expected")
    if shape is not None and array.shape != shape:
        raise SubjectMisbehaved(f"{name} has shape {list(array.shape)} where {list(shape)} was expected")
    return array


def _plain(array: Any) -> Any:
    """float64 for a law's arithmetic; a number where the array is one."""
    if array.dtype.kind == "f":
        array = array.astype(np.float64)
    return array if array.ndim else array[()]


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {list(value.shape)} and dtype {value.dtype}"
    return f"{type(value).__name__} {value!r}"[:80]
