"""The history of a run: one JSON object per line, written with one write(2) each, and a reader that follows a file."""
import json
import os
import time


class History:
    """Writes the facts of one process to RUN/history/<name>.jsonl. Thread-safe, because each line is one write."""

    def __init__(self, run, name):
        folder = os.path.join(run, 'history')
        os.makedirs(folder, exist_ok=True)
        self.name = name
        self._number = 0
        self._file = os.open(os.path.join(folder, name + '.jsonl'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def fact(self, op, **fields):
        self._number += 1
        line = {'t': time.monotonic_ns() // 1000, 'w': time.time_ns() // 1_000_000, 'n': self.name, 'i': self._number,
                'op': op, 'ph': 'ok', **fields}
        os.write(self._file, (json.dumps(line, separators=(',', ':'), ensure_ascii=False) + '\n').encode())


class Follower:
    """Reads the lines that a process appends to a file. The file may not exist yet."""

    MOST = 4 * 1024 * 1024  # bytes per call

    def __init__(self, path):
        self.path = path
        self._at = 0
        self._rest = b''

    def lines(self):
        """The complete lines since the last call, as bytes."""
        try:
            with open(self.path, 'rb') as file:
                file.seek(self._at)
                text = file.read(self.MOST)
        except FileNotFoundError:
            return []
        self._at += len(text)
        parts = (self._rest + text).split(b'\n')
        self._rest = parts.pop()
        return parts
