"""The table of a run, and its verdict."""
from dataclasses import dataclass, field
from typing import Optional


@dataclass
class Row:
    name: str
    text: str
    bound: float
    gap: float = 0.0  # the longest time between two matches without a fault: so long a match may just not have come up
    ready: Optional[float] = None  # seconds after the end of the fault; None: not within the limit
    match: Optional[float] = None
    errors: int = 0
    no_errors: bool = False
    failed: str = ''  # why the fault could not be injected

    @property
    def normal(self):
        return None if self.ready is None or self.match is None else max(self.ready, self.match)

    @property
    def missed(self):
        late = self.normal is None or self.ready > self.bound or self.match > self.bound + self.gap
        return bool(self.failed) or late or (self.no_errors and self.errors > 0)


@dataclass
class Verdict:
    rows: list = field(default_factory=list)
    skipped: dict = field(default_factory=dict)  # name: reason
    check_status: Optional[int] = None           # of mm-check; None: it did not run
    problems: list = field(default_factory=list)  # sentences

    def lines(self):
        widths = '{:<24} {:>9} {:>9} {:>9} {:>7}  {:<7} {}'
        yield widths.format('fault', 'ready s', 'match s', 'bound s', 'errors', '', 'what')
        for row in self.rows:
            yield widths.format(row.name, seconds(row.ready), seconds(row.match), f'{row.bound:.1f}', row.errors,
                                'MISSED' if row.missed else 'ok', row.text + (': ' + row.failed if row.failed else ''))
        for name, reason in self.skipped.items():
            yield f'{name}: not run: {reason}'
        if self.rows:
            yield f'A match may come up to {self.rows[0].gap:.1f} s later than the bound: so far apart are matches without a fault.'
        for problem in self.problems:
            yield 'PROBLEM: ' + problem
        yield (f'{sum(row.missed for row in self.rows)} of {len(self.rows)} bounds missed; '
               + {None: 'the history was not checked', 0: 'no invariant violated', 1: 'invariants VIOLATED'}.get(
                   self.check_status, f'mm-check ended with status {self.check_status}'))

    def passed(self):
        return bool(self.rows) and self.check_status == 0 and not self.problems and not any(row.missed for row in self.rows)


def seconds(value):
    return '-' if value is None else f'{value:.1f}'
