"""The stack under test: started by ops/stack in a folder and on a block of ports of its own."""
import http.client
import json
import os
import random
import re
import socket
import subprocess

import processes

STORES = ('nats', 'redis-queue', 'redis-cache', 'postgres')
DAEMONS = ('gateway', 'matchmaker', 'lobby', 'session', 'profile', 'leaderboard', 'orchestrator')
# The setting of ops/stack for the number of instances, where it has one.
INSTANCES = {'gateway': 'MM_GATEWAYS', 'matchmaker': 'MM_MATCHMAKERS', 'lobby': 'MM_LOBBIES', 'session': 'MM_SESSIONS',
             'profile': 'MM_PROFILES', 'leaderboard': 'MM_LEADERBOARDS', 'orchestrator': 'MM_ORCHESTRATORS'}
BLOCK = 200  # ports of a stack (ops/stack.d/layout.sh)


class Stack:
    def __init__(self, root, build, folder, settings):
        """`folder`: becomes the state folder, must be reachable for the user postgres. `settings`: of `make up`."""
        self.root, self.build, self.folder = root, build, folder
        self.settings = {'MM_STATE': folder, 'MM_BUILD_DIR': build, **settings}
        known = open(os.path.join(root, 'ops/stack.d/layout.sh'), encoding='utf-8').read()
        self.counts = {kind: 2 if re.search(rf'\b{name}=', known) else 1 for kind, name in INSTANCES.items()}
        self.settings.update({name: '2' for kind, name in INSTANCES.items() if self.counts[kind] == 2})
        self.status = {}

    def names(self, kind):
        """The processes of a daemon."""
        return [kind] if self.counts[kind] == 1 else [f'{kind}-{number}' for number in range(1, self.counts[kind] + 1)]

    def daemons(self):
        return [name for kind in DAEMONS for name in self.names(kind)]

    def control(self, *words, timeout=180, **more):
        """Runs ops/stack; its output. `more`: further variables of its environment."""
        # No other setting of the caller's shell may reach the stack.
        environment = {name: value for name, value in os.environ.items() if not name.startswith('MM_')}
        done = subprocess.run(['ops/stack', *words], cwd=self.root, env={**environment, **self.settings, **more},
                              timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"ops/stack {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def up(self):
        self.control('up')
        self.status = {row['name']: row for row in json.loads(self.control('status', FORMAT='json'))}
        printed = self.control('env')
        self.gateways = re.search(r'MM_GATEWAY_URLS=(\S+)', printed).group(1).split(',')

    def port(self, name):
        return self.status[name]['port']

    def secret(self, name):
        with open(os.path.join(self.folder, 'secrets', name), encoding='utf-8') as file:
            return file.read().strip()

    def pid(self, name):
        try:
            with open(os.path.join(self.folder, 'service', name, 'supervise/pid'), encoding='utf-8') as file:
                return int(file.read() or 0)
        except (OSError, ValueError):
            return 0

    def supervise(self, *words):
        """Runs sv, as in supervise('-w', '20', 'down', 'nats')."""
        done = subprocess.run(['sv', *words], env={**os.environ, 'SVDIR': os.path.join(self.folder, 'service')},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError('sv ' + ' '.join(words) + ': ' + done.stdout)

    def admin(self, name, path):
        """The answer of a daemon's admin port as (status, text); (0, reason) if there is none within a second."""
        connection = http.client.HTTPConnection('127.0.0.1', self.status[name]['admin_port'], timeout=1)
        try:
            connection.request('GET', path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors='replace')
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()

    def ready(self, name):
        return self.admin(name, '/readyz')[0] == 200

    def metric(self, name, series):
        match = re.search(rf'^{re.escape(series)} (\S+)$', self.admin(name, '/metrics')[1], re.MULTILINE)
        return float(match.group(1)) if match else 0.0

    def game_servers(self):
        """The pids of the game server processes."""
        return processes.with_environment(f'MM_RUNTIME_DIR={self.folder}/run')


def links_of(root):
    """The daemons and the stores that each of them uses, from deployments/daemons.table."""
    links = []
    with open(os.path.join(root, 'deployments/daemons.table'), encoding='utf-8') as file:
        for line in file:
            words = line.split()
            if words and not words[0].startswith('#'):
                links += [(words[0], server.replace('_', '-')) for server in words[3].split(',')]
    return links


def free_block():
    """The first port of a free block, below the range from which the kernel takes ports of outgoing connections."""
    for _ in range(200):
        base = 10_000 + random.randrange(100) * BLOCK
        if all(_is_free(base + offset) for offset in range(BLOCK)):
            return base
    raise RuntimeError('no free block of ports')


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(('127.0.0.1', port))
            return True
        except OSError:
            return False
