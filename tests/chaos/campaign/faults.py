"""The faults of the campaign, one entry each, and those that cannot be had on one machine, with the reason.

`seconds`: how long the fault lasts. `bound`: the longest time in seconds from its end until every daemon is ready and
players get matches again. A daemon that died is started again by runit after one second, which is part of its bound.
`touches`: what the fault takes away; two faults are injected together only if these are disjoint.
"""
import signal
from dataclasses import dataclass
from typing import Callable

import injections as do

RESTART = 2.5  # runit's pause, and the start of a daemon on a busy machine


@dataclass(frozen=True)
class Fault:
    name: str  # F01, or F13-nats for one of several forms
    text: str
    inject: Callable
    touches: frozenset
    seconds: float
    bound: float
    needs_volumes: bool = False
    no_errors: bool = False  # no request may fail or stay without an answer


FAULTS = []


def fault(name, text, inject, touches, seconds=0.0, bound=5.0, **more):
    FAULTS.append(Fault(name, text, inject, frozenset(touches.split()), seconds, bound, **more))


# Daemons that die or stand still.
fault('F01', 'kill -9 of one of two gateways', do.kill(do.one_of('gateway')), 'gateway', bound=3 + RESTART)
fault('F02', 'kill -9 of the owner of the queues, five times', do.kill(do.the_owner, times=5, pause=1.7), 'matchmaker',
      bound=1.5 + RESTART)
fault('F03', 'the owner of the queues stands still, and goes on', do.freeze(do.the_owner), 'matchmaker', seconds=6,
      bound=1 + 1.5)
fault('F03-both', 'all matchmakers stand still, and go on', do.freeze(do.all_of('matchmaker')), 'matchmaker', seconds=5,
      bound=1 + 1.5)
fault('F04', 'kill -9 of a session, four times', do.kill(do.one_of('session'), times=4, pause=0.9), 'session',
      bound=2 + RESTART)
fault('F05', 'kill -9 of a profile, four times', do.kill(do.one_of('profile'), times=4, pause=0.9), 'profile',
      bound=2 + RESTART)
fault('F06', 'kill -9 of all leaderboards', do.kill(do.all_of('leaderboard')), 'leaderboard', bound=2 + RESTART)
fault('F07', 'kill -9 of a lobby, four times', do.kill(do.one_of('lobby'), times=4, pause=0.9), 'lobby', bound=1 + RESTART)
fault('F08', 'kill -9 of every process with an outbox', do.kill(do.all_of('session', 'profile', 'matchmaker')),
      'session profile matchmaker', bound=2 + RESTART)
fault('orchestrator', 'kill -9 of an orchestrator', do.kill(do.one_of('orchestrator')), 'orchestrator', bound=2 + RESTART)
fault('F37', 'SIGTERM to each daemon in turn', do.rolling_restart, 'everything', bound=5, no_errors=True)
fault('F41-kill', 'kill -9 of a game server', do.game_server(signal.SIGKILL), 'game_server', seconds=1, bound=20)
fault('F41-stall', 'a game server stands still for longer than its matches may be silent', do.game_server(signal.SIGSTOP),
      'game_server', seconds=20, bound=20)
fault('F33', 'the owner of the queues gets half of the time, in slices of 20 ms', do.stutter(do.the_owner), 'matchmaker',
      seconds=8, bound=1 + 1.5)
fault('F32', 'a gateway may open only 64 files', do.few_descriptors(do.one_of('gateway')), 'gateway', seconds=6, bound=3)
fault('F35', 'kill -9 of all gateways: every player connects again', do.kill(do.all_of('gateway')), 'gateway',
      bound=3 + RESTART)

# Stores that die or stand still.
fault('F09', 'kill -9 of Redis "queue"', do.kill(do.named('redis-queue')), 'redis-queue', bound=2 + RESTART)
fault('F10', 'kill -9 of Redis "cache"', do.kill(do.named('redis-cache')), 'redis-cache', bound=1 + RESTART)
fault('F11', 'kill -9 of nats-server', do.kill(do.named('nats')), 'nats', bound=1 + RESTART)
fault('F12', 'kill -9 of all processes of PostgreSQL', do.kill(do.named('postgres')), 'postgres', bound=3 + RESTART)
for store in ('nats', 'redis-queue', 'redis-cache', 'postgres'):
    fault(f'F13-{store}', f'{store} stands still for 10 s', do.freeze(do.named(store)), store, seconds=10, bound=2)
fault('F14', 'kill -9 of all processes at once', do.kill_everything, 'everything', bound=15)

# Stores that lose or refuse data.
fault('F15', 'nats-server starts without its streams', do.wipe_streams, 'nats', bound=10)
fault('F15-cut', 'nats-server starts with half of each stream', do.truncate_streams, 'nats', bound=10)
fault('F16', 'no space for streams', do.fill('nats/data'), 'nats', seconds=8, bound=5, needs_volumes=True)
fault('F17', 'no space for Redis "queue"', do.fill('redis-queue'), 'redis-queue', seconds=6, bound=3 + RESTART,
      needs_volumes=True)
fault('F18', 'no space for the WAL of PostgreSQL', do.fill_wal, 'postgres', seconds=8, bound=5 + RESTART,
      needs_volumes=True)
fault('F19', 'no space for logs', do.fill('log'), 'log', seconds=6, bound=1, needs_volumes=True)
fault('F29', 'Redis "queue" has no memory left', do.small_queue, 'redis-queue', seconds=6, bound=2 + RESTART)

# Links between daemons and stores.
for form, settings in (('reset', {'kind': 'reset'}), ('blackhole', {'kind': 'blackhole'}),
                       ('half-open', {'kind': 'half_open'}), ('cut', {'kind': 'cut', 'bytes': 20_000}),
                       ('slices', {'kind': 'slow', 'slice': 1}), ('slow', {'kind': 'slow', 'bytes': 1_000})):
    fault(f'F20-{form}', f'all links to Redis: {form}', do.link('*.redis-*', **settings), 'redis-queue redis-cache',
          seconds=5, bound=2)
    fault(f'F21-{form}', f'all links to NATS: {form}', do.link('*.nats', **settings), 'nats', seconds=5, bound=2)
fault('F22', 'PostgreSQL: a third of the commits get no reply', do.link('*.postgres', kind='commit', percent=33), 'postgres',
      seconds=10, bound=2)
fault('F23', 'the owner of the queues cannot reach NATS', do.link(lambda world: do.owner(world) + '.nats', kind='blackhole'),
      'matchmaker nats', seconds=6, bound=2.5)
fault('F23-redis', 'the owner of the queues cannot reach Redis "queue"',
      do.link(lambda world: do.owner(world) + '.redis-queue', kind='blackhole'), 'matchmaker redis-queue', seconds=6, bound=2.5)
fault('F24-repeat', 'every message of NATS arrives five times', do.link('*.nats', kind='messages', copies=5, direction='down'),
      'nats', seconds=8, bound=10)
fault('F24-reorder', 'messages of NATS arrive up to 100 messages late',
      do.link('*.nats', kind='messages', window=100, direction='down'), 'nats', seconds=8, bound=10)
fault('F24-drop', 'a tenth of the messages of NATS is lost', do.link('*.nats', kind='messages', percent=10), 'nats', seconds=8,
      bound=10)
fault('F24-late', 'events arrive 35 s late, after they were delivered again',
      do.link('*.nats', kind='messages', delay_ms=35_000, subject='$JS.ACK.', direction='down'), 'nats', seconds=40, bound=10)
fault('F25', 'acknowledgements of events are lost, and a consumer is killed',
      do.several(do.link('*.nats', kind='messages', percent=100, subject='$JS.ACK.', direction='up'),
                 do.kill(do.one_of('profile'), times=2, pause=15)), 'nats profile', seconds=20, bound=10)
fault('F40', 'half of all links are blocked one by one, and opened in another order', do.swizzle, 'everything', seconds=4,
      bound=5)
fault('delay', 'all links are 100 ms slower', do.link('*', kind='delay', delay_ms=100), 'everything', seconds=8, bound=2)

# Messages and clients that misbehave.
fault('F34', 'events that cannot be decoded', do.poison, 'nats', bound=5)
fault('F36', 'a subscriber of NATS reads nothing', do.slow_subscriber, 'nats', seconds=10, bound=2)

# Last, because acknowledged data is lost here, which the checker has to excuse in all that follows.
fault('F30', 'Redis "queue" starts empty', do.flush_queue, 'everything', bound=30)
fault('F30-old', 'Redis "queue" starts with its state of 15 s ago', do.restore_old_queue(15), 'everything', bound=30)

NOT_HERE = {
    'F14 (power)': 'a loss of power also loses what the kernel has not written; that needs a machine of its own. F14 kills all '
                   'processes at once, and F15-cut shortens the streams as a loss of power does',
    'F26': 'the clock of Redis cannot be changed alone: libfaketime breaks redis-server, and there is no namespace for wall time',
    'F27': 'the wall clock of one daemon cannot be changed; the time rules are tested with a clock that the test sets',
    'F28': 'not a fault of the environment: the bots repeat requests under one key, and end-to-end tests send them in parallel',
    'F31': 'the kill by a control group is the same signal as kill -9 (F01 to F08)',
    'F38': 'needs the programs of two versions',
    'F39': 'a flipped bit is an alarm for an operator and has no way back without one',
}

# The most telling faults, for runs of five minutes: a daemon that holds state dies, a zombie, a store dies, a store
# loses its data, unknown outcomes, and repeated messages.
SHORT = ('F02', 'F03', 'F12', 'F15', 'F22', 'F24-repeat')


def by_name(name):
    """The entry of this name; F13, which is no entry itself, stands for all its forms (F13-nats, …)."""
    found = [one for one in FAULTS if one.name == name] or [one for one in FAULTS if one.name.split('-')[0] == name]
    if not found:
        raise KeyError(name)
    return found


def pair(random, names=None):
    """Two faults that do not touch the same part. Faults of everything have no partner."""
    candidates = [one for one in FAULTS if 'everything' not in one.touches and one.seconds <= 20
                  and (names is None or one.name in names)]
    while True:
        first, second = random.sample(candidates, 2)
        if not first.touches & second.touches:
            return first, second
