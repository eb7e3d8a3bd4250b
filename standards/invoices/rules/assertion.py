"""A small rule language: a context, and what must hold there. Enough for rules of syntax, fast, and without XSLT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from standards.invoices.rules.violation import FATAL, Violation

Holds = Callable[[etree._Element], bool]
Select = Callable[[etree._Element], Iterable[etree._Element]]


@dataclass(frozen=True)
class Assertion:
    """`holds` must be true of every element of the context; `demand` says so in words."""

    rule: str
    demand: str
    holds: Holds
    severity: str = FATAL


def breaches(elements: Iterable[etree._Element], assertions: Iterable[Assertion]) -> list[Violation]:
    """Return the first breach of each assertion, with the line it stands in."""
    contexts = list(elements)
    found = []
    for assertion in assertions:
        for element in contexts:
            if not assertion.holds(element):
                where = f" (line {element.sourceline})" if element.sourceline else ""
                found.append(Violation(assertion.rule, assertion.severity, f"{assertion.demand}{where}"))
                break
    return found


def at_most(limit: int, path: str, namespaces: Mapping[str, str]) -> Holds:
    """No more than `limit` matches of the XPath."""
    count = etree.XPath(f"count({path})", namespaces=dict(namespaces))
    return lambda element: float(str(count(element))) <= limit


def exactly_one(path: str, namespaces: Mapping[str, str]) -> Holds:
    """One match of the XPath, no more, no less."""
    count = etree.XPath(f"count({path})", namespaces=dict(namespaces))
    return lambda element: float(str(count(element))) == 1


def true_of(expression: str, namespaces: Mapping[str, str]) -> Holds:
    """The XPath expression is true."""
    evaluate = etree.XPath(f"boolean({expression})", namespaces=dict(namespaces))
    return lambda element: bool(evaluate(element))


def absent(path: str, namespaces: Mapping[str, str]) -> Holds:
    """No match of the XPath."""
    return true_of(f"not({path})", namespaces)


def select(path: str, namespaces: Mapping[str, str]) -> Select:
    """The elements that the XPath finds, from the document's root."""
    find = etree.XPath(path, namespaces=dict(namespaces))

    def elements(root: etree._Element) -> Iterable[etree._Element]:
        found = find(root)
        return [element for element in found if isinstance(element, etree._Element)] if isinstance(found, list) else []

    return elements


def text_of(element: etree._Element) -> str:
    """The element's whole text, untrimmed, as XPath sees it."""
    return "".join(str(text) for text in element.itertext())
