"""Small file systems in memory for the folders of the stores, so that one of them can be full. Needs root."""
import os
import subprocess

MEBIBYTE = 1024 * 1024
# The folders of the state folder, their sizes in MiB, and their owners. A Redis that rewrites its file needs twice its
# size.
SIZES = {'nats/data': 256, 'redis-queue': 256, 'log': 512, 'wal': 512}
OWNERS = {'wal': 'postgres'}


class Volumes:
    """Mounted file systems by folder. `mount` needs root; without it there are none, and `available` is False."""

    def __init__(self, state):
        self._state = state
        self._mounted = []

    def mount(self):
        for folder, size in SIZES.items():
            path = os.path.join(self._state, folder)
            os.makedirs(path, mode=0o711, exist_ok=True)
            owner = OWNERS.get(folder, 'root')
            options = f'size={size}m,mode=0700,uid={_id("-u", owner)},gid={_id("-g", owner)}'
            done = subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'mm-chaos', path], capture_output=True, text=True)
            if done.returncode != 0:
                self.unmount()
                return done.stderr.strip()
            self._mounted.append(path)
        return ''

    @property
    def available(self):
        return bool(self._mounted)

    def unmount(self):
        for path in reversed(self._mounted):
            subprocess.run(['umount', '-l', path], capture_output=True)
        self._mounted = []

    def fill(self, folder):
        """Writes a file that takes all free space of the folder's file system."""
        descriptor = os.open(self._ballast(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for block in (b'\0' * MEBIBYTE, b'\0' * 512):
                while os.write(descriptor, block) == len(block):
                    pass
        except OSError:
            pass  # the file system is full
        finally:
            os.close(descriptor)

    def free(self, folder):
        try:
            os.unlink(self._ballast(folder))
        except FileNotFoundError:
            pass

    def _ballast(self, folder):
        return os.path.join(self._state, folder, 'chaos-ballast')


def _id(option, name):
    return subprocess.run(['id', option, name], capture_output=True, text=True, check=True).stdout.strip()
