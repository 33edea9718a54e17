# Copyright (c) 2026, selfhosted.coolify contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An nginx configuration as a tree of directives with line numbers."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .rule import Place
from .yamltext import Problem

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#[^\n]*)|(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<sign>[{};])"""
    r"""|(?P<word>(?:\\.|\$\{[^}\s]*\}|[^\s{};"'\\])(?:\\.|\$\{[^}\s]*\}|[^\s{};\\])*)|(?P<other>.)""",
    re.DOTALL,
)
MAIN_ONLY = frozenset({"events", "http", "worker_processes", "stream", "mail", "worker_rlimit_nofile"})
DEEPEST = 30


@dataclass(frozen=True)
class Directive:
    name: str
    arguments: tuple[str, ...]
    place: Place
    children: tuple[Directive, ...] | None = None

    def all(self, *names: str) -> list[Directive]:
        return [child for child in self.children or () if child.name in names]

    def below(self, *names: str) -> t.Iterator[Directive]:
        for child in self.children or ():
            if child.name in names:
                yield child
            yield from child.below(*names)


@dataclass(frozen=True)
class Listen:
    address: str
    port: int
    ssl: bool
    place: Place


class Server:
    def __init__(self, directive: Directive) -> None:
        self.directive = directive
        self.place = directive.place
        self.names = tuple(name for item in directive.all("server_name") for name in item.arguments)
        self.locations = tuple(directive.below("location"))
        self.listens = tuple(listen for item in directive.all("listen") for listen in _listen(item))

    @property
    def ports(self) -> set[int]:
        """Empty when a variable decides; without ``listen`` nginx listens on 80."""
        return {item.port for item in self.listens} if self.directive.all("listen") else {80}

    def serving(self, path: str) -> Directive | None:
        """The location that answers a path, as nginx chooses it."""
        prefixes = []
        for location in self.locations:
            sign, pattern = location.arguments[0] if len(location.arguments) > 1 else "", (location.arguments or ("",))[-1]
            if sign == "=" and pattern == path:
                return location
            if sign in ("", "^~") and path.startswith(pattern):
                prefixes.append((len(pattern), sign, location))
        longest = max(prefixes, key=lambda item: item[0]) if prefixes else None
        if not longest or longest[1] != "^~":
            for location in self.locations:
                if len(location.arguments) > 1 and location.arguments[0] in ("~", "~*") and _matches(location, path):
                    return location
        return longest[2] if longest else None


class Nginx:
    def __init__(self, file: str, top: tuple[Directive, ...], problems: t.Sequence[Problem]) -> None:
        self.file = file
        self.top = Directive("", (), Place(file), top)
        self.problems = tuple(problems)
        blocks = [*self.top.all("server"), *(server for http in self.top.all("http") for server in http.all("server"))]
        # Of what cannot be read nothing else is said
        self.servers = () if problems else tuple(Server(block) for block in blocks)

    @property
    def is_main(self) -> bool:
        """True for what belongs to /etc/nginx/nginx.conf, False for what belongs below conf.d."""
        return any(item.name in MAIN_ONLY for item in self.top.children or ())

    @property
    def ports(self) -> set[int]:
        return {port for server in self.servers for port in server.ports}

    @property
    def ports_known(self) -> bool:
        return bool(self.servers) and all(server.ports for server in self.servers)


def _matches(location: Directive, path: str) -> bool:
    try:
        return bool(re.search(location.arguments[-1], path, re.IGNORECASE if location.arguments[0] == "~*" else 0))
    except (re.error, RecursionError, OverflowError):
        return False


def _listen(item: Directive) -> t.Iterator[Listen]:
    if not item.arguments or item.arguments[0].startswith("unix:"):
        return
    match = re.match(r"(?:(\[[^\]]*\]|[^:\[\]]*[^:\d][^:\[\]]*|\d+\.\d+\.\d+\.\d+):?)?(\d{1,5})?\Z", item.arguments[0])
    if match:
        yield Listen(match[1] or "*", int(match[2] or 80), "ssl" in item.arguments[1:], item.place)


def parse(file: str, text: str) -> Nginx:
    """A configuration with Lua blocks is not understood further; it comes back empty and without problems."""
    if re.search(r"_by_lua(_block)?\b|\bjs_content\b", text):
        return Nginx(file, (), ())
    problems: list[Problem] = []
    stack: list[tuple[list[str], Place, list[Directive]]] = [([], Place(file), [])]
    words: list[str] = []
    line, start = 1, Place(file)
    for token in TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind in ("word", "quoted"):
            if not words:
                start = Place(file, line, token.start() - text.rfind("\n", 0, token.start()))
            words.append(piece.strip("\"'") if kind == "quoted" else piece)
        elif kind == "other":
            problems.append(Problem(Place(file, line), f"{piece!r} opens a text that does not end"))
            break
        elif piece == ";":
            if words:
                stack[-1][2].append(Directive(words[0], tuple(words[1:]), start))
            words = []
        elif piece == "{":
            if len(stack) > DEEPEST or not words:
                problems.append(Problem(Place(file, line), 'unexpected "{"'))
                break
            stack.append((words, start, []))
            words = []
        elif piece == "}":
            if words:
                problems.append(Problem(start, f'"{words[0]}" is not ended by ";"'))
                words = []
            if len(stack) == 1:
                problems.append(Problem(Place(file, line), 'unexpected "}"'))
                break
            names, place, children = stack.pop()
            stack[-1][2].append(Directive(names[0], tuple(names[1:]), place, tuple(children)))
        line += piece.count("\n")
    if not problems and words:
        problems.append(Problem(start, f'"{words[0]}" is not ended by ";"'))
    if not problems and len(stack) > 1:
        problems.append(Problem(stack[-1][1], f'the block "{stack[-1][0][0]}" is not closed'))
    while len(stack) > 1:
        names, place, children = stack.pop()
        stack[-1][2].append(Directive(names[0], tuple(names[1:]), place, tuple(children)))
    return Nginx(file, tuple(stack[0][2]), problems)
