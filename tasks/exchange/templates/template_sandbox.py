"""The Jinja environments that message templates run in: no way out, a bound on size, missing variables by name."""

from collections.abc import Iterable, Mapping
from types import BuiltinMethodType
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateRuntimeError
from jinja2.exceptions import UndefinedError
from jinja2.nodes import Concat, Expr, Filter, For, Node, Template
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from tasks.exchange.templates.template_budget import MAX_CHARACTERS, TextTooLongError, counted, weigh
from tasks.exchange.templates.template_limits import check_call, check_operands, weighed


class MissingVariableError(TemplateRuntimeError):
    """A template asked for a variable that the event does not have."""

    def __init__(self, holder: Any, name: object) -> None:
        super().__init__(f"{name!r} is undefined")
        self.holder = holder
        self.variable = name

    def path(self, variables: Mapping[str, Any]) -> str:
        """The variable's dotted path as far as it is known: its name, at least."""
        known = _path_to(self.holder, variables) if isinstance(self.holder, dict | list) else ""
        if isinstance(self.variable, int):
            return f"{known}[{self.variable}]"
        return f"{known}.{self.variable}" if known else str(self.variable)


class _Missing(StrictUndefined):
    """A variable that is not there: using it says which."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[TemplateRuntimeError] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)
        if exc is UndefinedError and name is not None:
            self._undefined_exception = lambda _: MissingVariableError(obj, name)  # type: ignore[assignment] # it is only called


class _MissingOrMethod(_Missing):
    """A field that an object lacks while dictionaries have a method of that name (`items`, `keys`, `values`)."""

    __slots__ = ("method",)

    def __init__(self, obj: Any, name: str, method: BuiltinMethodType) -> None:
        super().__init__(obj=obj, name=name)
        self.method = method


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(undefined=_Missing, finalize=_finished, autoescape=autoescape)
        del self.globals["lipsum"]
        self.filters = {name: weighed(name, work) for name, work in self.filters.items()}
        self.filters |= {"counted": counted, "weighed": _weighed_part}

    @staticmethod
    def concat(texts: Iterable[str]) -> str:
        parts = []
        size = 0
        for text in texts:
            size += len(text)
            if size > MAX_CHARACTERS:
                raise TextTooLongError
            parts.append(text)
        return "".join(parts)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Fields of the event's data come first: `ctx.items` is its field, not a method of dictionaries."""
        if type(obj) is not dict:
            return super().getattr(obj, attribute)
        if attribute in obj:
            return obj[attribute]
        value = super().getattr(obj, attribute)
        return _MissingOrMethod(obj, attribute, value) if isinstance(value, BuiltinMethodType) else value

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The same as `getattr`, for `ctx["items"]`."""
        is_field = type(obj) is dict and isinstance(argument, str)
        return self.getattr(obj, argument) if is_field else super().getitem(obj, argument)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Calls what may be called; what is made of texts is weighed before."""
        called = obj.method if isinstance(obj, _MissingOrMethod) else obj
        owner = getattr(getattr(called, "__wrapped__", called), "__self__", None)  # `format` is wrapped
        held = (owner,) if isinstance(owner, str | bytes) else ()
        name = getattr(called, "__name__", "")
        check_call(name if isinstance(name, str) else "", (*held, *args, *kwargs.values()))
        return super().call(context, called, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check_operands(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def _generate(self, source: Template, *args: Any, **kwargs: Any) -> str:
        """Loops count their turns, and what `~` puts together is weighed."""
        for loop in list(source.find_all(For)):
            loop.iter = self._filtered(loop.iter, "counted")
        for concatenation in list(source.find_all(Concat)):
            concatenation.nodes = [self._filtered(part, "weighed") for part in concatenation.nodes]
        return super()._generate(source, *args, **kwargs)

    def _filtered(self, value: Node, name: str) -> Filter:
        return Filter(cast("Expr", value), name, [], [], None, None, lineno=value.lineno, environment=self)


def _finished(value: Any) -> Any:
    """JSON's null prints as nothing; a list of lists of lists may be longer than it is large."""
    if type(value) is str:
        return value
    if isinstance(value, list | tuple | dict | set | frozenset):
        weigh(value)
    return "" if value is None else value


def _weighed_part(value: Any) -> Any:
    weigh(value)
    return value


def _path_to(holder: object, variables: Mapping[str, Any]) -> str:
    """Where an object or a list of the event's data is."""
    open_paths: list[tuple[str, Any]] = [(name, variables[name]) for name in ("event", "ctx") if name in variables]
    while open_paths:
        path, value = open_paths.pop()
        if value is holder:
            return path
        if isinstance(value, dict):
            open_paths += [(f"{path}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list):
            open_paths += [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
    return ""


TEXT = _Sandbox(autoescape=False)
HTML = _Sandbox(autoescape=True)
"""Of HTML bodies: every value is escaped unless the template's author says otherwise."""
