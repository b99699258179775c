"""The shapes of `core/lsp.py` are those of the protocol: names, what must be there, what is in them."""

import enum
import typing
from typing import Any

import attrs
import pytest
from lsprotocol import types

from lsp_server.core import lsp

SHAPES = [value for value in vars(lsp).values() if typing.is_typeddict(value)]
# Ours always has these, the protocol lets them be absent.
ALWAYS_OURS = {
    "Diagnostic": {"severity", "code", "source"},
    "CodeAction": {"kind"},
    "CodeLens": {"command"},
    "CompletionItem": {"kind", "textEdit"},
    "DocumentLink": {"target"},
    "OptionalVersionedTextDocumentIdentifier": {"version"},
}


def fields(shape: Any) -> "dict[str, attrs.Attribute[Any]]":
    """The fields of the protocol library's class of the same name, by their names on the wire."""
    return {camel(field.name): field for field in attrs.fields(attrs.resolve_types(getattr(types, shape.__name__)))}


def camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.title() for part in rest)


def words(annotation: Any) -> set[str]:
    """The names of the simple types that a value of an annotation may be made of."""
    if annotation in {Any, object}:
        return {"anything"}
    if annotation is type(None):
        return set()
    inner = typing.get_args(annotation)
    if inner:
        return set().union(*(words(one) for one in inner if one is not Ellipsis))
    if isinstance(annotation, str | typing.ForwardRef):
        return {annotation if isinstance(annotation, str) else annotation.__forward_arg__}
    if issubclass(annotation, enum.Enum):
        return {"int", "str"}
    return {annotation.__name__}


def test_there_are_shapes() -> None:
    assert len(SHAPES) > 15


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_shape_has_only_keys_of_the_protocol_and_all_that_it_asks_for(shape: Any) -> None:
    known = fields(shape)
    assert set(shape.__annotations__) <= set(known)
    asked = {name for name, field in known.items() if field.default is attrs.NOTHING}
    assert set(shape.__required_keys__) == asked | ALWAYS_OURS.get(shape.__name__, set())


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_a_value_is_of_a_type_that_the_protocol_has_there(shape: Any) -> None:
    known = fields(shape)
    for name, annotation in typing.get_type_hints(shape).items():
        allowed = words(known[name].type)
        assert "anything" in allowed or words(annotation) <= allowed, name
