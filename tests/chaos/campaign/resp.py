"""A client of Redis: commands with a deadline, one at a time. Only what the campaign needs of the protocol RESP2."""
import socket


class RedisError(Exception):
    """The server answered with an error."""


class Redis:
    def __init__(self, port, user, password, timeout=5.0):
        self._socket = socket.create_connection(('127.0.0.1', port), timeout)
        self._file = self._socket.makefile('rb')
        self.command('AUTH', user, password)

    def close(self):
        self._file.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def command(self, *words):
        return self.pipeline([words])[0]

    def pipeline(self, commands):
        """Sends all commands, then reads one reply each. Raises the first error after the last reply was read."""
        self._socket.sendall(b''.join(encoded(words) for words in commands))
        replies = [reply_from(self._file) for _ in commands]
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
        return replies


def encoded(words):
    parts = [b'*%d\r\n' % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b'$%d\r\n%s\r\n' % (len(data), data))
    return b''.join(parts)


def reply_from(file):
    line = file.readline()
    if not line.endswith(b'\r\n'):
        raise ConnectionError('Redis closed the connection')
    kind, rest = line[:1], line[1:-2]
    if kind == b'+':
        return rest.decode()
    if kind == b'-':
        return RedisError(rest.decode())
    if kind == b':':
        return int(rest)
    count = int(rest)
    if count < 0:
        return None
    if kind == b'$':
        data = file.read(count + 2)
        if len(data) != count + 2:
            raise ConnectionError('Redis closed the connection')
        return data[:-2].decode(errors='replace')
    if kind == b'*':
        return [reply_from(file) for _ in range(count)]
    raise ConnectionError('this is not RESP: %r' % line[:40])
