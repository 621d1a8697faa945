"""The mutants of a source file. Each is the file with one small fault.

Docstrings, annotations, error messages and f-strings are not mutated.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Add,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
UNSEEN = frozenset({"then", "defer_build", "maxsize"})
"""Arguments without an effect that a test can see: texts in logs, and arguments that only affect time."""
UNTOUCHED = frozenset({"annotation", "returns", "decorator_list", "type_params"})
"""Fields whose change only mypy can detect, or nothing."""

TYPES = frozenset({"int", "str", "float", "bytes", "list", "dict", "tuple", "set", "frozenset"})


@dataclass(frozen=True)
class Mutant:
    """A fault of a file: the code `before` becomes `after`."""

    path: str
    function: str
    """The qualified name of the enclosing function or class, or `<module>`."""
    lines: tuple[int, int]
    before: str
    after: str
    occurrence: int
    """The number of the change among equal changes in the function, from 1."""
    number: int
    """The number of the mutant within its file."""

    @property
    def key(self) -> str:
        """A name that does not change when lines are added elsewhere in the file."""
        suffix = f" #{self.occurrence}" if self.occurrence > 1 else ""
        return f"{self.path} {self.function}: {self.before} -> {self.after}{suffix}"


@dataclass(frozen=True)
class _Edit:
    node: ast.AST
    function: str
    before: str
    after: str
    apply: Callable[[], None]


def mutants(path: str, source: str) -> list[Mutant]:
    """All mutants of a file, in the order of its lines."""
    occurrences: Counter[tuple[str, str, str]] = Counter()
    result = []
    for number, edit in enumerate(_edits(ast.parse(source))):
        change = (edit.function, edit.before, edit.after)
        occurrences[change] += 1
        first = getattr(edit.node, "lineno", 1)
        lines = (first, getattr(edit.node, "end_lineno", first))
        result.append(Mutant(path, *change[:1], lines, *change[1:], occurrences[change], number))
    return result


def apply_mutation(source: str, number: int) -> ast.Module:
    """The file with the fault of this number."""
    tree = ast.parse(source)
    next(edit for index, edit in enumerate(_edits(tree)) if index == number).apply()
    return ast.fix_missing_locations(tree)


def _edits(tree: ast.Module) -> Iterator[_Edit]:
    yield from _within(tree, "<module>")


def _within(parent: ast.AST, function: str, *, is_raised: bool = False) -> Iterator[_Edit]:
    """The edits of a node's parts. An edit is applied at most once, after the walk."""
    is_raised = is_raised or isinstance(parent, ast.Raise)
    if isinstance(parent, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        function = parent.name if function == "<module>" else f"{function}.{parent.name}"
    yield from _of_the_node(parent, function)
    for field, value in ast.iter_fields(parent):
        if field in UNTOUCHED:
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_words(child) or (is_raised and _is_text(child)):
                continue
            put = _setter(parent, field, index if isinstance(value, list) else None)
            for replacement in _replacements(child):
                yield _Edit(child, function, _text(child), _text(replacement), _later(put, replacement))
            yield from _within(child, function, is_raised=is_raised)


def _setter(parent: ast.AST, field: str, index: int | None) -> Callable[[Any], None]:
    def put(node: Any) -> None:
        if index is None:
            setattr(parent, field, node)
        else:
            getattr(parent, field)[index] = node

    return put


def _is_words(node: ast.AST) -> bool:
    """Whether a node is prose, a type or an unseen argument: a docstring, a message, an f-string, an annotation."""
    if isinstance(node, ast.keyword):
        return node.arg in UNSEEN
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Name) and node.targets[0].id == "msg"
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return isinstance(node.left, ast.Name) and node.left.id[0].isupper() | (node.left.id in TYPES)
    return isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """The possible replacements of a node."""
    match node:
        case ast.Constant():
            yield from _other_constants(node.value)
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign() | ast.UnaryOp() | ast.Compare():
            yield from _other_operators(node)
        case ast.Name(id=name, ctx=ast.Load()) if name in FUNCTIONS:
            yield ast.Name(FUNCTIONS[name], ast.Load())
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _other_constants(value: object) -> Iterator[ast.Constant]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str):
        yield ast.Constant(f"XX{value}")


def _other_operators(
    node: ast.BoolOp | ast.BinOp | ast.AugAssign | ast.UnaryOp | ast.Compare,
) -> Iterator[ast.AST]:
    match node:
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.BinOp() if type(node.op) in OPERATORS:
            yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        case ast.AugAssign() if type(node.op) in OPERATORS:
            yield ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value)
        case ast.Compare():
            for index, comparison in enumerate(node.ops):
                operators = [*node.ops[:index], COMPARISONS[type(comparison)](), *node.ops[index + 1 :]]
                yield ast.Compare(node.left, operators, node.comparators)


def _of_the_node(node: ast.AST, function: str) -> Iterator[_Edit]:
    """Edits that remove a part of a node, or negate its condition."""
    match node:
        case ast.Slice():
            for field in ("lower", "upper"):
                bound = getattr(node, field)
                if bound:
                    without = ast.Slice(**{**dict(ast.iter_fields(node)), field: None})
                    put = _setter(node, field, None)
                    yield _Edit(bound, function, f"[{_text(node)}]", f"[{_text(without)}]", _later(put, None))
        case ast.Call():
            for keyword in node.keywords:
                if keyword.arg and keyword.arg not in UNSEEN:
                    rest = [other for other in node.keywords if other is not keyword]
                    before, after = _text(node), _text(ast.Call(node.func, node.args, rest))
                    yield _Edit(keyword, function, before, after, _later(_setter(node, "keywords", None), rest))
        case ast.If() | ast.While() | ast.IfExp():
            yield from _negated(node.test, _setter(node, "test", None), function)
        case ast.comprehension():
            for index, condition in enumerate(node.ifs):
                yield from _negated(condition, _setter(node, "ifs", index), function)


def _negated(condition: ast.expr, put: Callable[[Any], None], function: str) -> Iterator[_Edit]:
    """The negation of a condition that no other mutation negates."""
    if not isinstance(condition, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
        negated = ast.UnaryOp(ast.Not(), condition)
        yield _Edit(condition, function, f"if {_text(condition)}", f"if {_text(negated)}", _later(put, negated))


def _later(put: Callable[[Any], None], value: Any) -> Callable[[], None]:
    return lambda: put(value)


def _text(node: ast.AST) -> str:
    """The code of a node on one line."""
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
