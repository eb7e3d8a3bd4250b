"""Reads in the gateway's own code which refusals a function can come to, through all that it calls.

Calls are followed by name through the modules that each file imports. That finds rather too much than too little: a
method is taken for every imported class that has one of its name.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from api import errors
from api.errors import GatewayError, HttpRefusal
from api.refusals.samples import knows, sample
from api.values import Amount

_ROOT: Final = Path(errors.__file__).parent
# Their functions are called by names that every other module has, too; what they refuse is common to all operations.
_COMMON: Final = (
    "api.edge",
    "api.routing",
    "api.deps",
    "api.gateway",
    "api.main",
    "api.middleware",
    "api.lists",
    "api.refusals",
)


@dataclass(frozen=True)
class Said:
    """A refusal as some line of ours raises it, with the values of the example trade."""

    status: int
    title: str
    error: str
    detail: str
    context: Mapping[str, Any] = field(hash=False, compare=False)

    def example(self) -> GatewayError:
        made = GatewayError(self.error, self.detail, **self.context)
        made.status, made.title = self.status, self.title
        return made


@dataclass(frozen=True)
class _Function:
    module: str
    name: str
    owner: str | None
    node: ast.FunctionDef | ast.AsyncFunctionDef = field(hash=False, compare=False)
    error: str = field(default="", hash=False, compare=False)


@dataclass
class _Module:
    """One file: its functions by name (methods by theirs), and what it imports from us by the name that it gives it."""

    name: str
    tree: ast.Module
    functions: dict[str, list[_Function]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


@cache
def _modules() -> dict[str, _Module]:
    found = {}
    for path in sorted(_ROOT.rglob("*.py")):
        parts = path.relative_to(_ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if "migrations" not in parts:
            found[name] = _read(name, ast.parse(path.read_text(encoding="utf-8")))
    return found


def _read(name: str, tree: ast.Module) -> _Module:
    module = _Module(name, tree)
    for node in ast.walk(tree):
        owner = node.name if isinstance(node, ast.ClassDef) else None
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                module.functions.setdefault(child.name, []).append(_Function(name, child.name, owner, child))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "api":
            for alias in node.names:
                module.imports[alias.asname or alias.name] = (str(node.module), alias.name)
    return module


def reached(module: str, function: str) -> set[_Function]:
    """The function and all that it comes to, as far as names tell."""
    waiting, seen = list(_modules()[module].functions.get(function, ())), set[_Function]()
    while waiting:
        its = waiting.pop()
        if its not in seen:
            seen.add(its)
            waiting += _next(its)
    return seen


@cache
def _next(function: _Function) -> tuple[_Function, ...]:
    return tuple(_called(_modules()[function.module], function.node))


def _called(module: _Module, node: ast.AST) -> Iterator[_Function]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield from _named(module, part.id)
        elif isinstance(part, ast.Attribute):
            target = _module_of(module, part.value)
            if target is not None:
                yield from target.functions.get(part.attr, ())
            else:
                yield from _methods(module, part.attr)


def _named(module: _Module, name: str) -> Iterator[_Function]:
    yield from (its for its in module.functions.get(name, ()) if its.owner is None)
    source, original = module.imports.get(name, ("", None))
    if source in _modules() and original and not source.startswith(_COMMON):
        yield from (its for its in _modules()[source].functions.get(original, ()) if its.owner is None)
        yield from (its for its in _modules()[source].functions.get("__init__", ()) if its.owner == original)


def _methods(module: _Module, name: str) -> Iterator[_Function]:
    sources = {module.name, *_imported(module)}
    for source in sources & set(_modules()):
        if source == module.name or not source.startswith(_COMMON):
            yield from (its for its in _modules()[source].functions.get(name, ()) if its.owner is not None)


def _imported(module: _Module) -> Iterator[str]:
    """The modules that a file imports; of what hands things to endpoints (`deps`), those that it imports, too."""
    for source, original in module.imports.values():
        yield source
        yield f"{source}.{original}"
        if source.endswith(".deps") and source in _modules() and source not in _COMMON:
            yield from (its for its, _ in _modules()[source].imports.values())


def _module_of(module: _Module, node: ast.AST) -> _Module | None:
    if not isinstance(node, ast.Name) or node.id not in module.imports:
        return None
    source, original = module.imports[node.id]
    return _modules().get(f"{source}.{original}")


@cache
def said_by(function: _Function) -> tuple[Said, ...]:
    """The refusals that the function itself names."""
    return tuple(_said_in(function))


@cache
def attributes(function: _Function) -> frozenset[str]:
    """Everything that the function asks of something by a name."""
    return frozenset(node.attr for node in ast.walk(function.node) if isinstance(node, ast.Attribute))


def _said_in(function: _Function) -> Iterator[Said]:
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            kind = getattr(importlib.import_module(function.module), node.func.id, None)
            if isinstance(kind, type) and issubclass(kind, GatewayError):
                if kind.__module__ == errors.__name__:
                    yield from _said(function, kind, node)
                else:
                    yield from _said_within(kind)


def _said_within(kind: type[GatewayError]) -> Iterator[Said]:
    """Of an error class with words of its own: `super().__init__(error, detail, ...)`."""
    for its in _modules()[kind.__module__].functions.get("__init__", ()):
        if its.owner == kind.__name__:
            for node in ast.walk(its.node):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
                    yield from _said(its, kind, node)


def _said(function: _Function, kind: type[GatewayError], call: ast.Call) -> Iterator[Said]:
    status, title, words = kind.status, kind.title, call.args
    if kind is HttpRefusal:
        told = [each.value for each in call.args if isinstance(each, ast.Constant)]
        if len(told) < 3:
            return
        status, title, words = int(str(told[0])), str(told[2]), [call.args[1], call.args[3]]
    if len(words) < 2 or not isinstance(words[0], ast.Constant):
        return
    error = str(words[0].value)
    saying = replace(function, error=error)
    context = {word.arg: _value(saying, word.value, word.arg) for word in call.keywords if word.arg is not None}
    yield Said(status, title, error, _told(saying, words[1]), context)


def _told(function: _Function, node: ast.expr) -> str:
    """What an expression of text says with the example's values."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_told(function, part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _told(function, node.value)
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.IfExp):
        return _told(function, node.body)
    if isinstance(node, ast.BinOp):
        return _told(function, node.left) + _told(function, node.right)
    if isinstance(node, ast.Name):
        return _told_by_name(function, node)
    return _shown(_value(function, node, ""))


def _told_by_name(function: _Function, named: ast.Name) -> str:
    """What was last assigned to the name above the line."""
    if named.id != "detail" and knows(named.id, function.error):
        return _shown(sample(named.id, error=function.error))
    said = [
        node.value
        for node in ast.walk(function.node)
        if isinstance(node, ast.Assign)
        and node.lineno <= named.lineno
        and any(isinstance(to, ast.Name) and to.id == named.id for to in node.targets)
    ]
    if said:
        return _told(function, max(said, key=lambda value: value.lineno))
    constant = _constant(function, named.id)
    return _shown(sample(named.id, error=function.error) if constant is None else constant)


def _shown(value: Any) -> str:
    if isinstance(value, Amount):
        return value.said
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _constant(function: _Function, name: str) -> Any:
    """A constant of the function's module."""
    known = getattr(importlib.import_module(function.module), name, None)
    return known if isinstance(known, str | int | float) and not isinstance(known, bool) else None


def _value(function: _Function, node: ast.expr, name: str) -> Any:
    """A value of the example for an expression: by its own last name, by what it is a part of, by the given name."""
    if isinstance(node, ast.Constant):
        return node.value
    names = [each for each in (*_names(node), name) if each]
    return sample(*names, error=function.error)


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield f"{next(_names(node.value), '')}.{node.attr}"
        if node.attr not in ("id", "said"):
            yield node.attr
        yield from _names(node.value)
        yield node.attr
    elif isinstance(node, ast.Subscript):
        yield from _names(node.value)
    elif isinstance(node, ast.GeneratorExp | ast.ListComp):
        yield from _names(node.generators[0].iter)
    elif isinstance(node, ast.BinOp):
        yield from _names(node.left)
    elif isinstance(node, ast.Call):
        of_a_thing = isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Constant)
        for part in (node.func, *node.args) if of_a_thing else (*node.args, node.func):
            yield from _names(part)


def functions(module: str, name: str) -> tuple[_Function, ...]:
    """The functions and methods of this name in a module."""
    return tuple(_modules()[module].functions.get(name, ()))


def all_said() -> Iterator[Said]:
    """Every refusal that any line of the gateway raises."""
    for module in _modules().values():
        for its in module.functions.values():
            for function in its:
                yield from said_by(function)
