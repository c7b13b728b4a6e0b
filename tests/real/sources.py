"""Other tools' folders of migrations, read apart from fleet import: what it wrote is held against this.

read(directory) gives, for each engine, its migrations in the tool's own order."""

import re
from dataclasses import dataclass
from pathlib import Path

# What a server refuses in a transaction; only a script of its own can have it.
NEEDS_NONE = re.compile(rb"^\s*(create\s+(unique\s+)?index|drop\s+index|reindex\b.*)\s+concurrently\b"
                        rb"|^\s*vacuum\b", re.IGNORECASE | re.MULTILINE)

ENGINES = ("sqlite", "postgresql", "mysql")
INFIXES = {"sqlite": "sqlite", "sqlite3": "sqlite", "postgresql": "postgresql",
           "postgres": "postgresql", "pg": "postgresql", "pgsql": "postgresql",
           "mysql": "mysql", "mariadb": "mysql"}
# Engines of other tools that fleet does not have; their files are for nobody here.
FOREIGN = {"cockroach", "cockroachdb", "clickhouse", "h2", "mssql", "oracle", "snowflake"}


@dataclass
class Migration:
    name: str
    up: bytes
    down: bytes | None = None
    alone: bool = False  # outside a transaction, as the tool's own settings say


def engine_folders(directory):
    """The folder of each engine; a folder without engines is for all of them (None)."""
    found = {INFIXES[path.name]: path for path in directory.iterdir()
             if path.is_dir() and path.name in INFIXES}
    return found or {None: directory}


def by_number(version):
    return int(version)


def pairs(folder, engine):
    """golang-migrate and pop: VERSION_NAME[.ENGINE][.autocommit].up.sql."""
    found = {}
    for path in sorted(folder.iterdir()):
        matched = re.fullmatch(r"(\d+)[_-](.*)\.(up|down)((?:\.\w*)*)\.sql", path.name)
        if not matched:
            continue
        version, name, direction, after = matched.groups()
        words = set(name.split(".")[1:]) | set(after.split("."))
        engines = {INFIXES[word] for word in words if word in INFIXES}
        if words & FOREIGN or (engines and engine not in engines):
            continue
        slot = found.setdefault(int(version), {})
        slot["alone"] = slot.get("alone", False) or "autocommit" in words
        # A script of this engine goes before the one for all.
        if engines or direction not in slot:
            slot["name"], slot[direction] = f"{version} {name}", path.read_bytes()
    return [Migration(slot["name"], slot["up"], slot.get("down"), slot["alone"])
            for _, slot in sorted(found.items()) if "up" in slot]


def diesel(folder, engine):
    found = [path for path in folder.iterdir() if (path / "up.sql").exists()]
    found.sort(key=lambda path: path.name.split("_")[0].replace("-", ""))
    return [Migration(path.name, (path / "up.sql").read_bytes(),
                      (path / "down.sql").read_bytes() if (path / "down.sql").exists() else None,
                      (path / "metadata.toml").exists()
                      and "run_in_transaction = false" in (path / "metadata.toml").read_text())
            for path in found]


def section(text, prefix, direction):
    """From the line after a mark up to the next mark of either direction; None without one."""
    marks = [matched for matched in
             re.finditer(rb"^--[ \t]*" + prefix + rb"[ \t]*(up|down)\b[^\n]*(\n|\Z)", text,
                         re.MULTILINE | re.IGNORECASE)]
    for number, mark in enumerate(marks):
        if mark.group(1).lower() == direction:
            end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
            return text[mark.end():end]
    return None


def sections(prefix, key):
    def read_sections(folder, engine):
        found = [path for path in folder.iterdir() if re.match(r"\d+.*\.sql$", path.name)]
        found.sort(key=lambda path: key(re.match(r"\d+", path.name).group()))
        texts = [(path.stem, path.read_bytes()) for path in found]
        return [Migration(name, section(text, prefix, b"up"), section(text, prefix, b"down"),
                          b"+goose NO TRANSACTION" in text or b"transaction:false" in text)
                for name, text in texts if section(text, prefix, b"up") is not None]
    return read_sections


def flyway(folder, engine):
    found = {}
    for path in folder.rglob("[VU]*__*.sql"):
        version = re.match(r"[VU]([0-9._]+?)__", path.name).group(1)
        key = tuple(int(part) for part in re.split(r"[._]", version))
        found.setdefault(key, {})[path.name[0]] = path
    return [Migration(paths["V"].name, paths["V"].read_bytes(),
                      paths["U"].read_bytes() if "U" in paths else None)
            for _, paths in sorted(found.items()) if "V" in paths]


def sqitch(folder, engine):
    """The plan's changes; of a reworked one the earlier scripts bear a tag from before the rework."""
    lines = [re.sub(r"#.*", "", line).split() for line in
             (folder / "sqitch.plan").read_text().splitlines() if not line.startswith("%")]
    words = [line[0] for line in lines if line]
    found = []
    for at, name in enumerate(words):
        if name.startswith("@"):
            continue
        again = words.index(name, at + 1) if name in words[at + 1:] else at
        names = [name + tag for tag in words[at:again] if tag.startswith("@")] + [name]
        scripts = [next((path.read_bytes() for path in
                         (folder / part / f"{name}.sql" for name in names) if path.exists()), None)
                   for part in ("deploy", "revert")]
        found.append(Migration(name, *scripts))
    return found


def tool_of(folder):
    """The reader for what stands in a folder."""
    names = [path.name for path in folder.iterdir()]
    if "sqitch.plan" in names:
        return sqitch
    if any((folder / name / "up.sql").exists() for name in names):
        return diesel
    if any(re.match(r"V[0-9._]+__", name) for name in names):
        return flyway
    if any(re.search(r"\.up(\.\w+)?\.sql$", name) for name in names):
        return pairs
    texts = b"".join(path.read_bytes() for path in sorted(folder.glob("*.sql"))[:3])
    if b"+goose" in texts:
        return sections(rb"\+goose", by_number)
    if b"migrate:up" in texts:
        return sections(rb"migrate:", str)
    raise SystemExit(f"{folder}: of no tool that is known here")


def read(directory, engines):
    """The migrations of each of these engines, or of those that the folder names."""
    folders = engine_folders(Path(directory))
    if None in folders:
        if not engines:
            raise SystemExit("these migrations name no engine: say which with --engine")
        folders = {engine: folders[None] for engine in engines}
    return {engine: tool_of(folder)(folder, engine) for engine, folder in folders.items()
            if not engines or engine in engines}
