"""A client of NATS: the text protocol with headers, without TLS. One thread per connection."""
import json
import os
import socket
import time


FOREIGN = 'Chaos-Foreign'  # header of messages that the campaign itself puts among the events


class Message:
    def __init__(self, subject, reply, headers, body):
        self.subject, self.reply, self.headers, self.body = subject, reply, headers, body


class Nats:
    def __init__(self, port, user, password, timeout=5.0, receive_buffer=None):
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(timeout)
        self._socket.connect(('127.0.0.1', port))
        self._file = self._socket.makefile('rb')
        self._subscriptions = 0
        self._file.readline()  # INFO
        options = {'verbose': False, 'pedantic': False, 'headers': True, 'no_responders': True, 'echo': True,
                   'user': user, 'pass': password, 'name': 'chaos-campaign', 'lang': 'python', 'version': '1', 'protocol': 1}
        self.send(b'CONNECT %s\r\nPING\r\n' % json.dumps(options).encode())
        while True:
            line = self._line()
            if line.startswith(b'-ERR'):
                raise ConnectionError(line.decode())
            if line.startswith(b'PONG'):
                return

    def close(self):
        """Ends the connection, also while another thread waits in `next`, which then raises ConnectionError."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server has gone
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self._socket.sendall(data)

    def subscribe(self, subject):
        self._subscriptions += 1
        self.send(b'SUB %s %d\r\n' % (subject.encode(), self._subscriptions))

    def publish(self, subject, body, reply=''):
        self.send(b'PUB %s %s %d\r\n%s\r\n' % (subject.encode(), reply.encode(), len(body), body))

    def publish_foreign(self, subject, body):
        """Publishes a message that is no event of the platform, with a mark that keeps it out of the history."""
        head = b'NATS/1.0\r\n' + FOREIGN.encode() + b': 1\r\n\r\n'
        self.send(b'HPUB %s %d %d\r\n%s%s\r\n' % (subject.encode(), len(head), len(head) + len(body), head, body))

    def next(self, within=None):
        """The next message. Raises TimeoutError if nats-server sends nothing, not even a ping, for the timeout, or no message
        `within` these seconds; ConnectionError at the end of the connection."""
        until = None if within is None else time.monotonic() + within
        while True:
            line = self._line()
            if until is not None and time.monotonic() > until:
                raise TimeoutError('nats-server sends no message')
            if line == b'PING':
                self.send(b'PONG\r\n')
            elif line.startswith((b'MSG ', b'HMSG ')):
                return self._message(line.split())
            elif line.startswith(b'-ERR'):
                raise ConnectionError(line.decode())

    def request(self, subject, body=b''):
        inbox = '_INBOX.' + os.urandom(8).hex()
        self.subscribe(inbox)
        self.publish(subject, body, inbox)
        answer = self.next(within=10)
        while answer.subject != inbox:  # of a stream that is still being delivered to an earlier subscription
            answer = self.next(within=10)
        self.send(b'UNSUB %d\r\n' % self._subscriptions)
        return json.loads(answer.body)

    def _line(self):
        line = self._file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('NATS closed the connection')
        return line[:-2]

    def _message(self, words):
        with_headers = words[0] == b'HMSG'
        fixed = 5 if with_headers else 4
        reply = words[3].decode() if len(words) > fixed else ''
        size = int(words[-1])
        data = self._file.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError('NATS closed the connection')
        head = int(words[-2]) if with_headers else 0
        return Message(words[1].decode(), reply, headers_of(data[:head]), data[head:size])


def headers_of(data):
    """The headers of a message by name. The first line is the version, perhaps with a status."""
    headers = {}
    lines = data.decode(errors='replace').split('\r\n')
    parts = lines[0].split(' ', 2)
    if len(parts) > 1:
        headers['Status'] = parts[1]
    for line in lines[1:]:
        name, colon, value = line.partition(':')
        if colon:
            headers.setdefault(name, value.strip())
    return headers


def json_or_text(body):
    """The body as JSON value if it is JSON, else as text: both are readable in a history."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors='replace')
