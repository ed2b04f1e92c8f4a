"""What the files of a project refer to: modules, templates, URLs, links, paths."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

# These belong to packages, which a baked project does not hold.
FOREIGN = ("admin/", "admin:", "django/")
TESTS = ("tests/", "plinth/plinth_tests/")
# What pages of documentation tell the owner to make.
MADE = (
    "config/database-ca.pem",
    "deploy/kubernetes/overlays/production/secrets.env",
    "deploy/monitoring",
    "static/css/tailwind.css",
    "static/js",
    "static/vite",
)
# Where the packages are that do not lie at the project's root.
SOURCES = ("plinth/src/", "plinth/")

# Functions that take a reference, with its kind.
CALLS = {
    "get_template": "template",
    "render_to_string": "template",
    "static": "static",
    "redirect": "url",
    "reverse": "url",
    "reverse_lazy": "url",
}
TAG = re.compile(r"""\{%-?\s*(extends|include|static|url)\s+["']([^"']+)["']""")
STYLE_URL = re.compile(r"""url\(["']?(?!data:|#|/|https?:)([^"')]+)""")
LINK = re.compile(
    r"""(?:\]\(|^\[[^\]]+\]: |src=")(?!#|\{|[a-z]+:)([^)\s"#]+)""", re.MULTILINE
)
DOTTED = re.compile(r"(?<![\w./-])[a-z_]+(?:\.[A-Za-z_]\w*)+(?![\w/-]|\.\w)")
PATH = re.compile(r"(?<![\w./~-])(?:\./)?((?:[\w.-]+/)*[\w.-]*\w)")


class References:
    """The references of a project that lead nowhere.

    What could have been kept is told from the template's own files: a path or a module
    under one of its folders must be there, and so must a file of its root.
    """

    def __init__(self, texts: Mapping[str, str], template_files: list[str]) -> None:
        self.texts = texts
        self.template_modules = {dotted(file) for file in template_files}
        self.files = texts.keys()
        self.folders = {
            parent.as_posix()
            for file in self.files
            for parent in PurePosixPath(file).parents
        }
        self.roots = {file.partition("/")[0] for file in template_files}
        self.root_files = {file for file in template_files if "/" not in file}
        self.packages = {
            dotted(file).partition(".")[0]
            for file in template_files
            if "/" in file and file.endswith(".py")
        }
        self.modules: dict[str, set[str]] = {}
        for file in self.files:
            if not file.endswith(".py"):
                continue
            module = dotted(file)
            while "." in module:
                module, _, name = module.rpartition(".")
                self.modules.setdefault(module, set()).add(name)
            self.modules.setdefault(dotted(file), set()).update(
                bound_names(texts[file])
            )
        self.urls = {
            name
            for file, text in texts.items()
            if file.endswith("urls.py")
            for name in url_names(text)
        }
        for text in texts.values():
            for module in included(text):
                namespace = re.findall(r'app_name = "(\w+)"', text)[0]
                self.urls |= {
                    f"{namespace}:{name}"
                    for file, its in texts.items()
                    if dotted(file) == module
                    for name in url_names(its)
                }

    def dangling(self, but: str = "no/") -> list[str]:
        """Each reference that leads nowhere, with its file; files of a folder left out."""
        return [
            f"{file}: {kind} {target}"
            for file, text in self.texts.items()
            if not file.startswith(but)
            for kind, target in read(file, text)
            if is_checked(file, target) and not self.resolves(file, kind, target)
        ]

    def resolves(self, file: str, kind: str, target: str) -> bool:
        match kind:
            case "module":
                return self.module_exists(target)
            case "task":
                return self.module_exists(target) or self.is_left_out(target)
            case "template" | "extends" | "include":
                return target.startswith(FOREIGN) or self.app_has("templates", target)
            case "static":
                return target.startswith(FOREIGN) or self.app_has("static", target)
            case "url":
                return target.startswith((*FOREIGN, "/", "http")) or target in self.urls
            case "link":
                return self.exists(normal(PurePosixPath(file).parent / target))
            case "path":
                root, _, rest = target.partition("/")
                if rest:
                    return (
                        root not in self.roots
                        or self.exists(normal(target))
                        or self.app_has("static", target.removeprefix("static/"))
                    )
                return target not in self.root_files or target in self.files
        raise LookupError(kind)

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.folders

    def is_left_out(self, target: str) -> bool:
        """Whether the template has the task's module: without Celery none is enqueued."""
        return target.rpartition(".")[0] in self.template_modules

    def app_has(self, folder: str, path: str) -> bool:
        end = f"{folder}/{path}"
        return any(file == end or file.endswith(f"/{end}") for file in self.files)

    def module_exists(self, target: str) -> bool:
        """Whether a dotted path leads to a module, or to a name that one binds."""
        if target.partition(".")[0] not in self.packages:
            return True
        if re.search(r"\.[EWI][0-9]{3}$", target):  # the id of a system check
            return True
        module, names = target, []
        while module and module not in self.modules:
            module, _, name = module.rpartition(".")
            names.append(name)
        return bool(module) and (not names or names[-1] in self.modules[module])


@cache
def parse(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def read(file: str, text: str) -> list[tuple[str, str]]:
    """The references in a file, each with its kind."""
    found: set[tuple[str, str]] = set()
    if file.endswith(".py"):
        found.update(in_python(file, parse(text)))
    else:
        found.update(("module", match) for match in DOTTED.findall(text))
    if file.endswith((".html", ".txt")):
        found.update(TAG.findall(text))
    if file.endswith(".css"):
        found.update(("link", match) for match in STYLE_URL.findall(text))
    if file.endswith(".md"):
        found.update(("link", match) for match in LINK.findall(text))
    # Tests make up paths; ignore files name what tools will make.
    if not file.startswith(TESTS) and not file.endswith("ignore"):
        found.update(("path", match) for match in PATH.findall(text))
    return sorted(found)


def dotted(file: str) -> str:
    for folder in SOURCES:
        if file.startswith(folder):
            file = file.removeprefix(folder)
            break
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_checked(file: str, target: str) -> bool:
    """Whether a reference counts: examples, and the foundation, name apps of nobody's."""
    root, name, *_ = [*re.split(r"[./]", target), ""]
    if (root == "apps" and name in {"blog", "py", "v1"}) or target in MADE:
        return False
    return not file.startswith("plinth/") or root in {"", "plinth", "plinth_tests"}


def normal(path: PurePosixPath | str) -> str:
    """The path without `.` and `..`, from the project's root."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts) or "."


@cache
def bound_names(text: str) -> set[str]:
    """The names that a module defines, assigns or imports."""
    names: set[str] = set()
    for node in ast.walk(parse(text)):
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.Name(id=name, ctx=ast.Store())
            ):
                names.add(name)
            case ast.alias(name=name, asname=given):
                names.add(given or name)
    return names


@cache
def url_names(text: str) -> set[str]:
    """The names of a module's URLs, with their namespace."""
    names: set[str] = set()
    namespace = ""
    for node in ast.walk(
        parse(text)
    ):  # `app_name` is at the top, which ast.walk sees first
        match node:
            case ast.Assign([ast.Name("app_name")], ast.Constant(str(value))):
                namespace = f"{value}:"
            case ast.keyword("name", ast.Constant(str(name))):
                names.add(f"{namespace}{name}")
    return names


def included(text: str) -> set[str]:
    """The modules that a module of URLs includes in a namespace of its own."""
    if not re.search(r"(?m)^app_name = ", text):
        return set()
    return set(re.findall(r'include\("([\w.]+)"\)', text))


def in_python(file: str, tree: ast.AST) -> Iterator[tuple[str, str]]:
    """What a module refers to: by imports, calls, settings and dotted strings."""
    # Tests make up names.
    in_tests = file.startswith(TESTS)
    package = dotted(file).split(".") + [""] * file.endswith("/__init__.py")
    parts_of_text = {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        match node:
            case _ if node in parts_of_text:
                continue
            case ast.Import(names):
                yield from (("module", alias.name) for alias in names)
            case ast.ImportFrom(module, names, level):
                base = package[:-level] if level else []
                base += [module] if module else []
                for alias in names:
                    name = [] if alias.name == "*" else [alias.name]
                    yield "module", ".".join(base + name)
            case ast.Call(
                ast.Name(name) | ast.Attribute(attr=name),
                [ast.Constant(str(target)), *_],
            ) if name in CALLS:
                yield CALLS[name], target
            case ast.Assign([ast.Name(name)], ast.Constant(str(target))) | ast.keyword(
                name, ast.Constant(str(target))
            ) if name:
                if name.endswith("template_name"):
                    yield "template", target
                if name.endswith("_URL") and re.fullmatch(r"[\w-]+:[\w-]+", target):
                    yield "url", target
            case ast.Constant(str(text)) if DOTTED.fullmatch(text) and not in_tests:
                yield "task" if ".tasks." in text else "module", text
