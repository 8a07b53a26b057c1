"""One run: starts the stack behind the proxy, lets bots play, injects one fault after the other, lets everything come to
rest, and has the history checked. Everything that was started is stopped at the end, however the run ends."""
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

import collect
import dump
import faults
import injections
import normal
import processes
import stack as stacks
from history import Follower, History
from proxy import Proxy
from report import Row, Verdict, seconds
from tap import Tap
from volumes import Volumes

GAME_SECONDS = 2.5
GAME_SERVERS = 4
REPORTS = 3  # times that a game server sends each result
PATIENCE = 60       # seconds that a fault's effects are watched, beyond its bound
DRAIN_SECONDS = 90  # of the bots
WARM_UP_SECONDS = 15
CHECK_SECONDS = 300
STEADY_LIMIT = 60   # seconds until the platform works before the first fault


class Stuck(Exception):
    """The platform does not come back, so further faults would only repeat the finding."""


class Campaign:
    def __init__(self, root, settings, say):
        self.root, self.settings, self.say = root, settings, say
        self.run = settings.run
        self.random = random.Random(settings.seed)
        self.verdict = Verdict(skipped=dict(faults.NOT_HERE) if not settings.short else {})
        self.stack = self.proxy = self.tap = self.bots = self.volumes = self.outcomes = self.readiness = None
        self._base = None
        self._gap = 0.0
        self._heals = []  # of the faults in effect
        self.away = []    # rows (gateway, begin, end) in which it was restarted in order

    # --- the parts ----------------------------------------------------------------------------------------------------

    def start(self):
        os.makedirs(os.path.join(self.run, 'history'), exist_ok=True)
        self.history = History(self.run, 'campaign')
        self._base = tempfile.mkdtemp(prefix='mm-chaos-')
        os.chmod(self._base, 0o711)  # the user postgres must reach its folder below
        state = os.path.join(self._base, 'state')
        port_base = int(os.environ.get('MM_PORT_BASE') or stacks.free_block())
        self.stack = stacks.Stack(self.root, self.settings.build, state, {
            'MM_PORT_BASE': str(port_base), 'MM_RATE_LIMITS': 'off', 'MM_BCRYPT_COST': '4', 'MM_MAX_SERVERS': str(GAME_SERVERS),
            'MM_GAME_SERVER_PROGRAM': self._game_server_script(),
            'MM_PROXY_PORTS': os.path.join(self._base, 'proxy_ports')})
        self._mount(state)
        offsets = {'nats': 10, 'redis-queue': 11, 'redis-cache': 12, 'postgres': 13}  # ops/stack.d/layout.sh
        links = [(name, store, port_base + offsets[store]) for kind, store in stacks.links_of(self.root)
                 for name in self.stack.names(kind)]
        self.proxy = Proxy(os.path.join(self.settings.build, 'bin/mm-chaos-proxy'), self._base, links, self.settings.seed)
        self.stack.up()
        self._move_wal(state)
        self._write_settings()
        self.tap = Tap(self.run, self.stack.port('nats'), self.stack.secret('nats_operator'))
        self._start_bots()

    def _game_server_script(self):
        """The orchestrator passes only its own settings on to game servers, so those of mm-chaos-server are in a script."""
        path = os.path.join(self._base, 'game_server')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f"#!/bin/sh\nexport MM_CHAOS_HISTORY_DIR='{self.run}/history' MM_CHAOS_GAME_SECONDS={GAME_SECONDS} "
                       f"MM_CHAOS_REPORTS={REPORTS}\nexec '{self.settings.build}/bin/mm-chaos-server'\n")
        os.chmod(path, 0o755)
        return path

    def _mount(self, state):
        self.volumes = Volumes(state)
        if not any(one.needs_volumes for one in self.settings.faults) and not self.settings.minutes:
            return
        problem = self.volumes.mount()
        if problem:
            for one in self.settings.faults:
                if one.needs_volumes:
                    self.verdict.skipped[one.name] = 'no file system can be mounted here: ' + problem
            self.settings.faults = [one for one in self.settings.faults if not one.needs_volumes]

    def _move_wal(self, state):
        """Puts the WAL on its own small file system, so that it can be full alone."""
        if not self.volumes.available:
            return
        own, wal = os.path.join(state, 'postgres/pg_wal'), os.path.join(state, 'wal')
        self.stack.supervise('-w', '20', 'down', 'postgres')
        subprocess.run(['cp', '-a', own + '/.', wal], check=True)
        shutil.rmtree(own)
        os.symlink(wal, own)
        self.stack.supervise('up', 'postgres')

    def _write_settings(self):
        shutil.copyfile(os.path.join(self.root, 'deployments/modes.toml'), os.path.join(self.run, 'modes.toml'))
        with open(os.path.join(self.run, 'run.json'), 'w', encoding='utf-8') as file:
            json.dump({'seed': self.settings.seed, 'players': self.settings.players, 'rate': self.settings.rate,
                       'settings': {'instances': self.stack.counts, 'max_servers': GAME_SERVERS, 'rate_limits': 'off'},
                       'faults': [one.name for one in self.settings.faults], 'minutes_of_pairs': self.settings.minutes},
                      file, indent=1)

    def _start_bots(self):
        path = os.path.join(self.run, 'history/bots.jsonl')
        longest = int(self.settings.longest_seconds())
        self.bots = processes.Child(
            [os.path.join(self.settings.build, 'bin/mm-chaos-bots'), '--gateways', ','.join(self.stack.gateways),
             '--players', str(self.settings.players), '--rate', str(self.settings.rate), '--seconds', str(longest),
             '--seed', str(self.settings.seed), '--history', path, '--drain', str(DRAIN_SECONDS)],
            os.path.join(self.run, 'bots.log'))
        self.outcomes = normal.Outcomes(Follower(path))
        self.readiness = normal.Readiness(self.stack, self.stack.daemons(),
                                          lambda name: self.history.fact('ready', daemon=name))
        if not normal.wait_steady(self.readiness, self.outcomes, STEADY_LIMIT):
            raise Stuck(f'no match was found in the first {STEADY_LIMIT} s; not ready: {self.readiness.unready()}')
        began = time.monotonic()
        self._hold(WARM_UP_SECONDS)
        self._gap = self.outcomes.longest_gap(began * 1e6, time.monotonic() * 1e6)
        self.say(f'the longest time between two matches without a fault is {self._gap:.1f} s')
        collect.collect_metrics(self.stack, self.run, 'before')
        self.history.fact('load_begin')

    # --- the faults ---------------------------------------------------------------------------------------------------

    def inject_all(self):
        for one in self.settings.faults:
            self.inject([one])
        names = None if self.volumes.available else {one.name for one in faults.FAULTS if not one.needs_volumes}
        until = time.monotonic() + 60 * self.settings.minutes
        while time.monotonic() < until:
            self.inject(faults.pair(self.random, names))

    def inject(self, chosen):
        """Injects faults together, heals them, and measures the time until everything is normal."""
        chosen = [dataclasses.replace(one, bound=one.bound * self.settings.slack) for one in chosen]
        row = Row('+'.join(one.name for one in chosen), '; '.join(one.text for one in chosen),
                  max(one.bound for one in chosen), gap=self._gap, no_errors=any(one.no_errors for one in chosen))
        self.say(f'{row.name}: {row.text}')
        self.verdict.rows.append(row)
        begun = time.monotonic()
        self.away = []
        try:
            for one in chosen:
                self.history.fact('fault_begin', fault=one.name, target=' '.join(sorted(one.touches)))
                self._heals.append((one, one.inject(self)))
                if len(chosen) > 1:
                    time.sleep(self.random.uniform(0, 2))
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            row.failed = f'not injected: {error}'
        if not row.failed:
            self._hold(max(one.seconds for one in chosen))
        self.heal()
        row.ready, row.match = normal.until_normal(self.readiness, self.outcomes, row.bound + PATIENCE)
        row.errors = self.outcomes.errors_between(begun * 1e6, time.monotonic() * 1e6, self.away)
        self.say(f'  ready after {seconds(row.ready)} s, match after {seconds(row.match)} s, {row.errors} requests without a '
                 f'proper answer{" MISSED" if row.missed else ""}')
        if row.normal is None:
            self._recover(f'{row.name}: not normal {row.bound + PATIENCE:.0f} s after its end')
        self._hold(self.settings.settle_seconds)

    def _recover(self, why):
        """After a fault from which the platform does not come back: starts everything again, so that other faults can be
        tried."""
        self.say(f'{why}; not ready: {self.readiness.unready()}; everything is killed and started again')
        injections.kill_everything(self)
        if not normal.wait_steady(self.readiness, self.outcomes, STEADY_LIMIT):
            raise Stuck(f'{why}, and not after a start of everything')

    def _hold(self, duration):
        until = time.monotonic() + duration
        while time.monotonic() < until:
            if self.bots.ended():
                raise Stuck('the bots have ended; see bots.log')
            self.outcomes.read()
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))

    def heal(self):
        """Ends all faults that are in effect, those of a pair in a random order."""
        self.random.shuffle(self._heals)
        while self._heals:
            one, heal = self._heals.pop()
            if heal:
                heal()
            self.history.fact('fault_end', fault=one.name, target=' '.join(sorted(one.touches)), bound_ms=int(one.bound * 1000))

    # --- the end ------------------------------------------------------------------------------------------------------

    def settle(self):
        """The load ends and everything comes to rest; then the stores, logs and metrics are copied and checked."""
        self.heal()
        self.proxy.heal()
        self.history.fact('load_end')
        self.say('the bots finish what they have begun')
        status = self.bots.stop(DRAIN_SECONDS + 30)
        if status != 0:
            self.verdict.problems.append(f'the bots ended with status {status}; see bots.log')
        time.sleep(self.settings.quiet_seconds)
        if not processes.eventually(lambda: all(self.stack.ready(name) for name in self.stack.daemons()), 30):
            self.verdict.problems.append('some daemons are not ready at the end')
        collect.collect_metrics(self.stack, self.run, 'after')
        self.history.fact('quiesced')
        with open(os.path.join(self.run, 'proxy.json'), 'w', encoding='utf-8') as file:
            json.dump(self.proxy.state(), file, indent=1)
        dump.dump_all(self.stack, self.run)

    def check(self):
        try:
            done = subprocess.run([os.path.join(self.settings.build, 'bin/mm-check'), self.run, '--json',
                                   os.path.join(self.run, 'check.json')], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=CHECK_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.verdict.problems.append(f'mm-check: {error}')
            return
        with open(os.path.join(self.run, 'check.txt'), 'w', encoding='utf-8') as file:
            file.write(done.stdout)
        self.say('mm-check:\n' + done.stdout)
        self.verdict.check_status = done.returncode

    def stop(self):
        """Stops everything that was started. Each step is tried, also after one that failed."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for step in (self.heal, self._stop_bots, self._stop_tap, self._collect, self._stop_stack, self._stop_proxy,
                     self._remove_state):
            try:
                step()
            except Exception as error:  # pylint: disable=broad-except
                self.verdict.problems.append(f'{step.__name__}: {error}')

    def _stop_bots(self):
        if self.bots is not None:
            self.bots.stop(5)

    def _stop_tap(self):
        if self.tap is not None:
            self.tap.stop()

    def _collect(self):
        if self.stack is not None and self.stack.status:
            collect.collect_logs(self.stack, self.run)

    def _stop_stack(self):
        if self.stack is not None and os.path.isdir(self.stack.folder):
            self.stack.control('down')

    def _stop_proxy(self):
        if self.proxy is not None:
            self.proxy.stop()

    def _remove_state(self):
        if self.volumes is not None:
            self.volumes.unmount()
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
