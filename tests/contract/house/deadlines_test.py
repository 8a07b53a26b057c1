#!/usr/bin/env python3
"""Tests that docs/DEADLINES.md has all deadlines of the code with their values, and that inner ones fit into outer ones."""
import pathlib
import re
import sys
import unittest
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[3]
ROW = re.compile(r'^\| (\w+) \| [^|]+ \| ([\d,]+) \| `([\w/.]+)` `(\w+)` \| ([^|]*)\|$')
# A deadline in the code: `constexpr Milliseconds kStoreTimeout{2'000};`
DEADLINE = re.compile(r"constexpr [\w:]*?(milliseconds|seconds|minutes) (k\w*Timeout)\{([\d']+)\}", re.IGNORECASE)
FOLDERS = ('common', 'services')
NOT_OF_THE_PRODUCT = ('common/testing/',)


class Row(NamedTuple):
    name: str
    ms: int
    place: tuple  # file and constant
    sums: list  # lists of names


def rows_of(text):
    rows = []
    for line in text.split('\n'):
        match = ROW.match(line)
        if match:
            name, ms, file, constant, holds = match.groups()
            sums = [[part.strip() for part in one.split('+')] for one in holds.split(';') if one.strip()]
            rows.append(Row(name, int(ms.replace(',', '')), (file, constant), sums))
    return rows


def value_in(text, constant):
    """The value of a constant in milliseconds, or None."""
    match = re.search(r"(\w+) " + constant + r"\{([\d']+)\}", text)
    if not match:
        return None
    factor = {'seconds': 1_000, 'minutes': 60_000}.get(match.group(1).lower(), 1)
    return int(match.group(2).replace("'", '')) * factor


def problems_of(rows, texts):
    """`texts`: the sources by path. Yields what is wrong with the table."""
    by_name = {row.name: row for row in rows}
    if len(by_name) != len(rows):
        yield 'a name occurs twice'
    for row in rows:
        value = value_in(texts.get(row.place[0], ''), row.place[1])
        if value != row.ms:
            yield f'{row.name}: the table says {row.ms} ms, {row.place[0]} has {value} ms'
        for names in row.sums:
            unknown = [name for name in names if name not in by_name]
            if unknown:
                yield f'{row.name}: there is no row {unknown[0]}'
                continue
            needed = sum(by_name[name].ms for name in names)
            if needed > row.ms:
                yield f'{row.name}: {" + ".join(names)} are {needed} ms, more than {row.ms} ms'
    listed = {row.place for row in rows}
    for path, text in texts.items():
        for match in DEADLINE.finditer(text):
            if (path, match.group(2)) not in listed:
                yield f'{path} has {match.group(2)}, which is not in the table'


def sources():
    texts = {}
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob('*')):
            path = file.relative_to(ROOT).as_posix()
            if file.suffix in ('.h', '.cpp') and not path.startswith(NOT_OF_THE_PRODUCT):
                texts[path] = file.read_text()
    return texts


class Deadlines(unittest.TestCase):
    def test_the_table_agrees_with_the_code(self):
        text = (ROOT / 'docs/DEADLINES.md').read_text()
        rows = rows_of(text)
        lines = [line for line in text.split('\n') if line.startswith('| ') and not line.startswith('| name')]
        self.assertEqual(len(rows), len(lines), 'a row has another form')
        self.assertEqual(list(problems_of(rows, sources())), [])

    def test_faults_are_found(self):
        texts = {'a.h': "constexpr Milliseconds kOuterTimeout{1'000};\nstatic constexpr Seconds kInnerTimeout{1};\n"}
        outer = Row('outer', 1000, ('a.h', 'kOuterTimeout'), [['inner']])
        inner = Row('inner', 1000, ('a.h', 'kInnerTimeout'), [])
        self.assertEqual(list(problems_of([outer, inner], texts)), [])
        self.assertEqual(len(list(problems_of([outer], texts))), 2)  # no such row, and a constant that is missing
        self.assertEqual(len(list(problems_of([outer, inner._replace(ms=900)], texts))), 1)
        self.assertEqual(len(list(problems_of([outer._replace(sums=[['inner', 'inner']]), inner], texts))), 1)
        self.assertEqual(len(list(problems_of([outer, inner, inner], texts))), 1)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    unittest.main()
