"""The ways to hurt the stack. Each function returns `inject`: called with the world, it begins the fault and returns a
function that ends it (or None, if the stack has to come back by itself). All of them are called on the main thread."""
import os
import resource
import shutil
import signal
import threading
import time

import dump
import nats
import processes
import resp
from stack import STORES

# The kernel and runit need a moment, and a store that shuts down in order may write for some seconds.
STOP_SECONDS = '20'


def owner(world):
    """The matchmaker that owns the most partitions, and its pid."""
    names = world.stack.names('matchmaker')
    return max(names, key=lambda name: world.stack.metric(name, 'mm_matchmaker_partitions_owned'))


def one_of(kind):
    return lambda world: [world.random.choice(world.stack.names(kind))]


def all_of(*kinds):
    return lambda world: [name for kind in kinds for name in world.stack.names(kind)]


def the_owner(world):
    return [owner(world)]


def named(*names):
    return lambda _: list(names)


# --- signals --------------------------------------------------------------------------------------------------------

def kill(choose, times=1, pause=0.0):
    """SIGKILL to daemons, or to stores and their descendants; the supervisor starts them again."""
    def inject(world):
        for number in range(times):
            if number:
                time.sleep(pause)
            for name in choose(world):
                world.say(f'SIGKILL to {name}')
                for pid in pids_of(world, name):
                    processes.send(pid, signal.SIGKILL)
    return inject


def pids_of(world, name):
    """A daemon alone, because game servers are children of their orchestrator; a store with its descendants."""
    pid = world.stack.pid(name)
    if not pid:
        return []
    return processes.with_descendants(pid) if name in STORES else [pid]


def kill_everything(world):
    """SIGKILL to all processes of the stack as close together as possible, also to the game servers."""
    pids = [pid for name in world.stack.status for pid in processes.with_descendants(world.stack.pid(name))]
    pids += [pid for pid in world.stack.game_servers() if pid not in pids]
    for pid in pids:
        processes.send(pid, signal.SIGSTOP)
    for pid in pids:
        processes.send(pid, signal.SIGKILL)


def freeze(choose):
    """SIGSTOP, and SIGCONT at the end."""
    def inject(world):
        pids = []
        for name in choose(world):
            world.say(f'SIGSTOP to {name}')
            pids += pids_of(world, name)
        return stopped(pids)
    return inject


def stopped(pids):
    for pid in pids:
        processes.send(pid, signal.SIGSTOP)

    def heal():
        for pid in pids:
            processes.send(pid, signal.SIGCONT)
    return heal


def stutter(choose, milliseconds=20):
    """Alternately stops and continues processes, so that they get half of the time."""
    def inject(world):
        pids = [world.stack.pid(name) for name in choose(world)]
        ending = threading.Event()

        def run():
            while not ending.is_set():
                for number in (signal.SIGSTOP, signal.SIGCONT):
                    for pid in pids:
                        processes.send(pid, number)
                    ending.wait(milliseconds / 1000)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def heal():
            ending.set()
            thread.join()
            for pid in pids:
                processes.send(pid, signal.SIGCONT)
        return heal
    return inject


def game_server(number):
    """The signal to one game server process; SIGCONT at the end."""
    def inject(world):
        pids = world.stack.game_servers()
        if not pids:
            raise RuntimeError('there is no game server process')
        pid = world.random.choice(sorted(pids))
        processes.send(pid, number)
        return lambda: processes.send(pid, signal.SIGCONT)
    return inject


def rolling_restart(world):
    """SIGTERM to each daemon in turn, and waits until the daemon is back."""
    for name in world.stack.daemons():
        before, started = world.stack.pid(name), time.monotonic()
        processes.send(before, signal.SIGTERM)
        if not processes.eventually(lambda: world.stack.pid(name) not in (0, before) and world.stack.ready(name), 30):
            raise RuntimeError(f'{name} is not ready 30 s after SIGTERM')
        if name.startswith('gateway-'):
            world.away.append((int(name[-1]), started * 1e6, time.monotonic() * 1e6))
        world.say(f'{name} was restarted in {time.monotonic() - started:.1f} s')


# --- links ----------------------------------------------------------------------------------------------------------

def link(pattern, **fault):
    """A fault of the links whose names match the pattern; a function of the world makes a pattern at run time."""
    def inject(world):
        names = pattern(world) if callable(pattern) else pattern
        world.proxy.set(names, fault)
        return lambda: world.proxy.heal(names)
    return inject


def several(*injections):
    """Injects one after the other, and heals in the opposite order."""
    def inject(world):
        heals = [one(world) for one in injections]
        return lambda: [heal() for heal in reversed(heals) if heal]
    return inject


def swizzle(world):
    """Blocks half of all links one by one, and opens them again in another order."""
    names = world.random.sample(world.proxy.names, len(world.proxy.names) // 2)
    for name in names:
        world.proxy.set(name, {'kind': 'blackhole'})
        time.sleep(0.1)
    world.random.shuffle(names)

    def heal():
        for name in names:
            world.proxy.heal(name)
            time.sleep(0.1)
    return heal


# --- the data of the stores -----------------------------------------------------------------------------------------

def without_server(world, store, change):
    """Stops a store in order, changes its files, and starts it again."""
    world.stack.supervise('-w', STOP_SECONDS, 'down', store)
    change()
    world.stack.supervise('up', store)


def wipe_streams(world):
    data = os.path.join(world.stack.folder, 'nats/data')
    without_server(world, 'nats', lambda: empty_folder(data))


def truncate_streams(world):
    """Cuts each block of messages to its first half, as after a power loss before the sync."""
    def cut():
        for folder, _, files in os.walk(os.path.join(world.stack.folder, 'nats/data')):
            for name in files:
                if name.endswith('.blk'):
                    path = os.path.join(folder, name)
                    os.truncate(path, os.path.getsize(path) // 2)
    without_server(world, 'nats', cut)


def flush_queue(world):
    """The Redis "queue" starts empty. (Its operator may not use FLUSHALL.)"""
    files = os.path.join(world.stack.folder, 'redis-queue/appendonlydir')
    without_server(world, 'redis-queue', lambda: empty_folder(files))


def restore_old_queue(seconds):
    """The Redis "queue" starts with the files that it had some seconds ago."""
    def inject(world):
        files = os.path.join(world.stack.folder, 'redis-queue/appendonlydir')
        aside = os.path.join(world.run, 'old-queue')
        shutil.rmtree(aside, ignore_errors=True)
        shutil.copytree(files, aside)
        time.sleep(seconds)

        def back():
            empty_folder(files)
            shutil.copytree(aside, files, dirs_exist_ok=True)
        without_server(world, 'redis-queue', back)
        shutil.rmtree(aside)
    return inject


def small_queue(world):
    """The Redis "queue" starts with a limit of memory just above what it uses."""
    path = os.path.join(world.stack.folder, 'redis-queue/redis.conf')
    with open(path, encoding='utf-8') as file:
        shipped = file.read()
    with resp.Redis(world.stack.port('redis-queue'), 'operator', world.stack.secret('redis_queue_operator')) as redis:
        used = int(redis.command('INFO', 'memory').split('used_memory:')[1].split()[0])

    def write(text):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
    without_server(world, 'redis-queue', lambda: write(f'{shipped}\nmaxmemory {used + 200_000}\n'))

    def heal():
        write(shipped)
        world.stack.supervise('-w', STOP_SECONDS, 'restart', 'redis-queue')
    return heal


def empty_folder(folder):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)


def fill(folder):
    """No space is left on the file system of this folder of the state."""
    def inject(world):
        world.volumes.fill(folder)
        return lambda: world.volumes.free(folder)
    return inject


def fill_wal(world):
    """No space is left for the WAL of PostgreSQL. The server has free segments of its own: it has to use them up first."""
    world.volumes.fill('wal')
    try:
        for _ in range(100):
            dump.psql(world.stack, "SELECT pg_logical_emit_message(false, 'chaos', 'full'), pg_switch_wal()")
        world.say('PostgreSQL still has space for its WAL')
    except RuntimeError:
        pass  # the server has ended
    return lambda: world.volumes.free('wal')


# --- others ---------------------------------------------------------------------------------------------------------

def few_descriptors(choose, limit=64):
    """The soft limit of open files of processes, and the former one at the end."""
    def inject(world):
        former = {}
        for name in choose(world):
            pid = world.stack.pid(name)
            soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            former[pid] = (soft, hard)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, hard))

        def heal():
            for pid, limits in former.items():
                try:
                    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
                except ProcessLookupError:
                    pass  # it has died
        return heal
    return inject


def poison(world):
    """Events that no consumer can decode: not JSON, an unknown version, and as large as nats-server accepts."""
    bodies = (b'{', b'\xff\xfe', b'{"v":999,"match_id":7}', b'"' + b'x' * 1_000_000 + b'"')
    with nats.Nats(world.stack.port('nats'), 'operator', world.stack.secret('nats_operator')) as connection:
        for subject in ('match.found', 'match.ready', 'match.completed', 'match.cancelled', 'match.rated', 'ticket.closed'):
            for body in bodies:
                connection.publish_foreign(subject, body)
        connection.request('$JS.API.INFO')


def slow_subscriber(world):
    """A client of NATS that subscribes to every event and frame, and reads nothing."""
    connection = nats.Nats(world.stack.port('nats'), 'operator', world.stack.secret('nats_operator'), receive_buffer=4096)
    for subject in ('match.>', 'ticket.>', 'party.>', 'notify.>'):
        connection.subscribe(subject)
    return connection.close
