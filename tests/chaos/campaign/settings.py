"""The settings of a run: environment variables, as `make chaos FAULT=F02 SEED=7` sets them."""
import os
import time
from dataclasses import dataclass, field

import faults


class Refused(Exception):
    """A setting is wrong. The text says which and why."""


@dataclass
class Settings:
    seed: int = 0
    faults: list = field(default_factory=list)  # entries of faults.FAULTS, in the order of the run
    minutes: float = 0.0   # of random pairs, after the single faults
    players: int = 200
    rate: int = 40         # operations of the bots per second
    slack: float = 1.0     # factor of the faults' bounds, for a busy machine
    short: bool = False
    run: str = ''          # folder of the run; becomes the archive of a failure
    keep: bool = False     # keep the folder also if everything is fine
    build: str = ''

    @property
    def quiet_seconds(self):
        return 10 if self.short else 30

    @property
    def settle_seconds(self):
        return 2 if self.short else 4

    def longest_seconds(self):
        """After this time the run is ended, whatever it is doing."""
        each = sum(one.seconds + self.slack * one.bound + 30 for one in self.faults)
        return 300 + each + 60 * self.minutes * 1.5 + 180


def number(environment, name, default, least, most, kind=int):
    text = environment.get(name) or str(default)
    try:
        value = kind(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise Refused(f'{name} is {text!r}; it must be a number from {least} to {most}')
    return value


def chosen_faults(environment, short):
    names = environment.get('FAULT', '')
    if not names:
        return [one for name in faults.SHORT for one in faults.by_name(name)] if short else list(faults.FAULTS)
    if names == 'none':
        return []
    chosen = []
    for name in names.split(','):
        if name in faults.NOT_HERE:
            raise Refused(f'FAULT={name} cannot be had on this machine: {faults.NOT_HERE[name]}')
        try:
            chosen += faults.by_name(name)
        except KeyError:
            known = ' '.join(one.name for one in faults.FAULTS)
            raise Refused(f'FAULT={name} is no fault; there are none (only pairs), {known}') from None
    return chosen


def read(environment, root):
    short = environment.get('SHORT', '') == '1'
    settings = Settings(short=short)
    settings.seed = number(environment, 'SEED', 1 if short else int(time.time()) % 1_000_000, 0, 2**63)
    settings.faults = chosen_faults(environment, short)
    settings.minutes = number(environment, 'MINUTES', 0, 0, 1440, float)
    settings.players = number(environment, 'PLAYERS', settings.players, 10, 10_000)
    settings.rate = number(environment, 'RATE', settings.rate, 1, 10_000)
    settings.slack = number(environment, 'SLACK', settings.slack, 1, 10, float)
    settings.keep = environment.get('KEEP', '') == '1'
    settings.build = environment.get('MM_BUILD_DIR') or os.path.join(root, 'build/release')
    settings.run = os.path.abspath(environment.get('RUN') or os.path.join(root, 'build/chaos', time.strftime('%Y%m%d-%H%M%S')))
    if not settings.faults and not settings.minutes:
        raise Refused('FAULT=none needs MINUTES')
    return settings
