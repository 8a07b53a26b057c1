"""mm-chaos-proxy between every daemon and its stores, and its control socket."""
import json
import os
import socket

import processes

HEALTHY = {'kind': 'none'}


class Proxy:
    def __init__(self, program, folder, links, seed):
        """`links`: rows (process, store, port of the store)."""
        self.folder = folder
        self.names = [f'{process}.{store}' for process, store, _ in links]
        self.ports_file = os.path.join(folder, 'proxy_ports')
        self._control = os.path.join(folder, 'proxy_control')
        plan = os.path.join(folder, 'proxy_plan')
        with open(plan, 'w', encoding='utf-8') as file:
            file.writelines(f'{process} {store} {port}\n' for process, store, port in links)
        self._child = processes.Child([program, plan, self.ports_file, self._control, str(seed)],
                                      os.path.join(folder, 'proxy.log'))
        if not processes.eventually(lambda: os.path.exists(self.ports_file) or self._child.ended(), 10) or self._child.ended():
            raise RuntimeError('mm-chaos-proxy did not start; see ' + self._child.log)

    def set(self, pattern, fault):
        """Sets the fault of all links whose name matches the shell pattern, as '*.nats'."""
        return self._ask({'links': [pattern], 'fault': fault})

    def heal(self, pattern='*'):
        return self.set(pattern, HEALTHY)

    def state(self):
        return self._ask({})

    def stop(self):
        self._child.stop(5)

    def _ask(self, request):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self._control)
            connection.sendall(json.dumps(request).encode() + b'\n')
            with connection.makefile('rb') as file:
                answer = json.loads(file.readline())
        if 'error' in answer:
            raise ValueError(f"mm-chaos-proxy: {answer['error']}")
        return answer['links']
