#!/usr/bin/env python3
"""Tests of the parts of the campaign that need no stack."""
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dump  # noqa: E402
import faults  # noqa: E402
import nats  # noqa: E402
import normal  # noqa: E402
import processes  # noqa: E402
import report  # noqa: E402
import resp  # noqa: E402
import settings  # noqa: E402
import stack  # noqa: E402
from history import Follower, History  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../../..'))
KINDS = {'none', 'delay', 'blackhole', 'half_open', 'reset', 'cut', 'slow', 'commit', 'messages'}


class Registry(unittest.TestCase):
    def test_every_fault_of_the_catalogue_is_there_or_has_a_reason(self):
        known = {one.name.split('-')[0] for one in faults.FAULTS} | {name.split(' ')[0] for name in faults.NOT_HERE}
        self.assertEqual({f'F{number:02}' for number in range(1, 42)} - known, set())

    def test_names_are_unique_and_bounds_are_set(self):
        names = [one.name for one in faults.FAULTS]
        self.assertEqual(len(names), len(set(names)))
        for one in faults.FAULTS:
            self.assertGreater(one.bound, 0, one.name)
            self.assertTrue(one.touches, one.name)
            self.assertNotIn(one.name, faults.NOT_HERE)

    def test_the_short_run_has_known_faults(self):
        self.assertEqual(len([faults.by_name(name) for name in faults.SHORT]), 6)

    def test_a_name_stands_for_all_its_forms(self):
        self.assertEqual({one.name for one in faults.by_name('F13')},
                         {'F13-nats', 'F13-redis-queue', 'F13-redis-cache', 'F13-postgres'})
        with self.assertRaises(KeyError):
            faults.by_name('F99')

    def test_pairs_do_not_touch_the_same_and_repeat_with_the_seed(self):
        pairs = [faults.pair(random.Random(seed)) for seed in range(200)]
        for first, second in pairs:
            self.assertFalse(first.touches & second.touches, (first.name, second.name))
        self.assertEqual(pairs, [faults.pair(random.Random(seed)) for seed in range(200)])

    def test_pairs_use_only_the_faults_that_can_be_had(self):
        names = {'F01', 'F09', 'F11'}
        for seed in range(50):
            self.assertLessEqual({one.name for one in faults.pair(random.Random(seed), names)}, names)


class FakeWorld:
    """A world in which proxies and processes only note what is done to them."""

    def __init__(self):
        self.random = random.Random(1)
        self.proxy = self
        self.names = ['lobby-1.nats', 'lobby-1.redis-queue', 'session.nats', 'session.postgres']
        self.faults = {}

    def set(self, pattern, fault):
        self.faults[pattern] = fault

    def heal(self, pattern):
        del self.faults[pattern]


class Links(unittest.TestCase):
    def test_each_fault_of_a_link_is_one_that_the_proxy_knows_and_is_healed(self):
        for one in faults.FAULTS:
            if not one.name.startswith(('F20', 'F21', 'F22', 'F24', 'delay', 'F40')):
                continue
            world = FakeWorld()
            heal = one.inject(world)
            for fault in world.faults.values():
                self.assertIn(fault['kind'], KINDS)
            self.assertTrue(world.faults, one.name)
            heal()
            self.assertEqual(world.faults, {}, one.name)


class Settings(unittest.TestCase):
    def test_without_settings_each_fault_runs_once(self):
        self.assertEqual(settings.read({}, ROOT).faults, faults.FAULTS)

    def test_the_short_run_has_a_fixed_seed_and_six_faults(self):
        read = settings.read({'SHORT': '1'}, ROOT)
        self.assertEqual((read.seed, len(read.faults)), (1, 6))

    def test_faults_can_be_chosen(self):
        read = settings.read({'FAULT': 'F02,F13', 'SEED': '7', 'RATE': '10'}, ROOT)
        self.assertEqual(([one.name for one in read.faults][:2], read.seed, read.rate), (['F02', 'F13-nats'], 7, 10))

    def test_what_is_wrong_is_refused_with_the_reason(self):
        for environment, word in (({'SEED': 'x'}, 'SEED'), ({'FAULT': 'F99'}, 'no fault'), ({'FAULT': 'F38'}, 'two versions'),
                                  ({'FAULT': 'none'}, 'MINUTES'), ({'RATE': '0'}, 'RATE'), ({'SLACK': '0.5'}, 'SLACK')):
            with self.assertRaisesRegex(settings.Refused, word):
                settings.read(environment, ROOT)


class Wire(unittest.TestCase):
    def test_redis_replies(self):
        text = b'*4\r\n$3\r\nabc\r\n:7\r\n$-1\r\n*1\r\n+OK\r\n'
        self.assertEqual(resp.reply_from(io.BytesIO(text)), ['abc', 7, None, ['OK']])
        self.assertIsInstance(resp.reply_from(io.BytesIO(b'-ERR no\r\n')), resp.RedisError)
        with self.assertRaises(ConnectionError):
            resp.reply_from(io.BytesIO(b'$5\r\nab'))
        self.assertEqual(resp.encoded(('GET', 'ä', 1)), b'*3\r\n$3\r\nGET\r\n$2\r\n\xc3\xa4\r\n$1\r\n1\r\n')

    def test_headers_of_nats(self):
        self.assertEqual(nats.headers_of(b'NATS/1.0\r\nNats-Msg-Id: a.1\r\ntraceparent: x:y\r\n\r\n'),
                         {'Nats-Msg-Id': 'a.1', 'traceparent': 'x:y'})
        self.assertEqual(nats.headers_of(b'NATS/1.0 503\r\n\r\n'), {'Status': '503'})
        self.assertEqual(nats.headers_of(b''), {})
        self.assertEqual(nats.json_or_text(b'{"a":1}'), {'a': 1})
        self.assertEqual(nats.json_or_text(b'{'), '{')

    def test_values_of_redis_in_a_dump(self):
        self.assertEqual(dump.shaped('hash', ['a', '1', 'b', '2']), {'a': '1', 'b': '2'})
        self.assertEqual(dump.shaped('zset', ['a', '1.5']), [['a', 1.5]])
        self.assertEqual(dump.shaped('set', ['b', 'a']), ['a', 'b'])
        self.assertEqual(dump.shaped('string', 'x'), 'x')

    def test_times_of_a_dump(self):
        self.assertEqual(dump.time_text(1_796_063_779_000_000_042), '2026-11-30T18:36:19.000000042Z')


class Histories(unittest.TestCase):
    def test_a_follower_reads_complete_lines_once(self):
        with tempfile.TemporaryDirectory() as run:
            path = os.path.join(run, 'history/x.jsonl')
            follower = Follower(path)
            self.assertEqual(follower.lines(), [])
            history = History(run, 'x')
            history.fact('ready', daemon='lobby')
            with open(path, 'ab') as file:
                file.write(b'{"cut":')
            line = json.loads(follower.lines()[0])
            self.assertEqual((line['n'], line['i'], line['op'], line['ph'], line['daemon']), ('x', 1, 'ready', 'ok', 'lobby'))
            self.assertLess(abs(line['t'] / 1e6 - time.monotonic()), 5)
            with open(path, 'ab') as file:
                file.write(b'1}\n')
            self.assertEqual(follower.lines(), [b'{"cut":1}'])

    def test_the_outcomes_of_the_bots(self):
        lines = [b'{"t":1,"i":1,"op":"enqueue","ph":"invoke","gateway":2}', b'{"t":2,"i":1,"op":"enqueue","ph":"ok","status":201}',
                 b'{"t":2,"i":2,"op":"enqueue","ph":"invoke","gateway":2}', b'{"t":3,"i":2,"op":"enqueue","ph":"info"}',
                 b'{"t":4,"i":3,"op":"me","ph":"fail","status":503}', b'{"t":7,"i":6,"op":"me","ph":"fail","status":409}',
                 b'{"t":5,"i":4,"op":"frame","ph":"ok","type":"match_found"}',
                 b'{"t":6,"i":5,"op":"frame","ph":"ok","type":"pong"}']
        outcomes = normal.Outcomes(type('Lines', (), {'lines': lambda self: lines})())
        outcomes.read()
        self.assertEqual((outcomes.found, outcomes.errors), ([5], [(3, 2, 2), (4, 4, None)]))
        self.assertEqual(outcomes.errors_between(0, 3), 1)
        self.assertEqual(outcomes.errors_between(0, 9, [(2, 2, 3)]), 1, 'the gateway was away when the request was sent')
        self.assertEqual(outcomes.errors_between(0, 9, [(2, 3, 9), (1, 0, 9)]), 2)
        self.assertIsNone(outcomes.first_found(5))
        outcomes.found = [2_000_000, 7_000_000, 99_000_000]
        self.assertEqual(outcomes.longest_gap(1_000_000, 8_000_000), 5.0)
        self.assertEqual(outcomes.longest_gap(1_000_000, 18_000_000), 11.0)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class UntilNormal(unittest.TestCase):
    """A daemon that is ready `ready_at` seconds after the end of the fault, and a match that is found at `match_at`."""

    def measure(self, ready_at, match_at, limit=20.0):
        clock = Clock()

        class Readiness:
            last_unready = None

            def poll(self):
                if clock.now - 100 < ready_at:
                    self.last_unready = clock.now

            def all_ready(self):
                return clock.now - 100 >= ready_at

        class Outcomes:
            def read(self):
                pass

            def first_found(self, since):
                at = (100 + match_at) * 1e6
                return at if clock.now * 1e6 >= at > since else None
        return normal.until_normal(Readiness(), Outcomes(), limit, clock.sleep, clock)

    def test_both_are_measured_from_the_end_of_the_fault(self):
        ready, match = self.measure(3.0, 1.5)
        self.assertAlmostEqual(ready, 3.0, delta=0.1)
        self.assertAlmostEqual(match, 1.5, delta=0.01)

    def test_a_platform_that_was_never_away_is_ready_at_once(self):
        self.assertEqual(self.measure(0.0, 0.3)[0], 0.0)

    def test_what_does_not_come_back_is_none(self):
        self.assertEqual(self.measure(1e9, 1.0)[0], None)
        self.assertEqual(self.measure(1.0, 1e9)[1], None)


class Report(unittest.TestCase):
    def verdict(self, **changes):
        row = report.Row('F01', 'kill', 5.0, ready=1.0, match=2.0)
        for name, value in changes.items():
            setattr(row, name, value)
        return report.Verdict(rows=[row], check_status=0)

    def test_a_run_passes_within_the_bounds_and_without_violations(self):
        self.assertTrue(self.verdict().passed())

    def test_a_match_may_be_late_by_the_usual_time_between_matches_and_a_daemon_may_not(self):
        self.assertFalse(self.verdict(match=5.9, gap=1.0).rows[0].missed)
        self.assertTrue(self.verdict(match=6.1, gap=1.0).rows[0].missed)
        self.assertTrue(self.verdict(ready=5.1, gap=1.0).rows[0].missed)

    def test_each_finding_fails_the_run(self):
        for changes in ({'match': 5.1}, {'ready': None}, {'match': None}, {'failed': 'no such process'},
                        {'errors': 1, 'no_errors': True}):
            self.assertFalse(self.verdict(**changes).passed(), changes)
            self.assertIn('MISSED', '\n'.join(self.verdict(**changes).lines()))
        for check in (None, 1, 2):
            verdict = self.verdict()
            verdict.check_status = check
            self.assertFalse(verdict.passed(), check)
        self.assertFalse(report.Verdict(check_status=0).passed(), 'a run without faults shows nothing')
        verdict = self.verdict()
        verdict.problems.append('the bots have ended')
        self.assertFalse(verdict.passed())


class Stacks(unittest.TestCase):
    def test_the_links_are_those_of_the_table(self):
        links = stack.links_of(ROOT)
        self.assertIn(('gateway', 'redis-queue'), links)
        self.assertIn(('session', 'postgres'), links)
        self.assertNotIn(('gateway', 'postgres'), links)
        self.assertEqual({kind for kind, _ in links}, set(stack.DAEMONS))
        self.assertLessEqual({store for _, store in links}, set(stack.STORES))

    def test_the_settings_of_instances_are_those_of_the_table(self):
        with open(os.path.join(ROOT, 'deployments/daemons.table'), encoding='utf-8') as file:
            rows = [line.split() for line in file if re.match(r'\w', line)]
        for words in rows:
            self.assertIn(words[1], ('1', stack.INSTANCES[words[0]]))


class PortsOfStores(unittest.TestCase):
    """MM_PROXY_PORTS of ops/stack: a daemon gets the port of the table, or the store's own."""

    def ports(self, table):
        script = ("set -euo pipefail; root=$PWD; . ops/stack.d/daemons.sh; . ops/stack.d/layout.sh; apply_defaults; "
                  "port_for session-1 nats; port_for session-1 postgres; port_for session-2 nats")
        environment = {'PATH': os.environ['PATH'], 'MM_PORT_BASE': '20000', 'MM_PROXY_PORTS': table}
        done = subprocess.run(['bash', '-c', script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        return [int(word) for word in done.stdout.split()]

    def test_a_port_of_the_table_replaces_the_one_of_the_store(self):
        self.assertEqual(self.ports(''), [20010, 20013, 20010])
        with tempfile.NamedTemporaryFile('w') as table:
            table.write('session-1 nats 41\nsession-1 redis-cache 42\nsession-11 nats 43\n')
            table.flush()
            self.assertEqual(self.ports(table.name), [41, 20013, 20010])


class Processes(unittest.TestCase):
    def test_a_child_is_stopped_and_its_descendants_are_found(self):
        with tempfile.NamedTemporaryFile() as log:
            child = processes.Child(['sh', '-c', 'sleep 60 & wait'], log.name)
            self.assertTrue(processes.eventually(lambda: len(processes.with_descendants(child.pid)) == 2, 5))
            below = processes.with_descendants(child.pid)[1]
            child.stop(5)
            self.assertTrue(child.ended())
            processes.send(below, 9)

    def test_a_child_that_ignores_sigterm_is_killed(self):
        with tempfile.NamedTemporaryFile() as log:
            child = processes.Child([sys.executable, '-c', 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);'
                                     'print("up", flush=True); time.sleep(60)'], log.name)
            self.assertTrue(processes.eventually(lambda: os.path.getsize(log.name) > 0, 10))
            self.assertEqual(child.stop(0.2), -9)

    def test_eventually_ends(self):
        self.assertFalse(processes.eventually(lambda: False, 0.1))
        ready = threading.Event()
        threading.Timer(0.05, ready.set).start()
        self.assertTrue(processes.eventually(ready.is_set, 5))


if __name__ == '__main__':
    unittest.main()
