"""The tap: writes each event of the bus to the history, with the rights of the operator. It sees an event only while it
is connected, and connects again after each outage."""
import threading

import nats
from history import History

SUBJECTS = ('match.>', 'ticket.>', 'party.>', 'events.>')
LONGEST_BODY = 64 * 1024  # a larger body is not an event of the platform


class Tap:
    def __init__(self, run, port, password):
        self._history = History(run, 'tap')
        self._port, self._password = port, password
        self._connection = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopping.set()
        if self._connection is not None:
            self._connection.close()
        self._thread.join(timeout=10)

    def _run(self):
        while not self._stopping.is_set():
            try:
                # nats-server sends a PING every 10 s, so a longer silence is the end of the connection.
                with nats.Nats(self._port, 'operator', self._password, timeout=25.0) as connection:
                    self._connection = connection
                    for subject in SUBJECTS:
                        connection.subscribe(subject)
                    while not self._stopping.is_set():
                        self._write(connection.next())
            except (OSError, ValueError):  # ValueError: the file of a closed connection
                self._stopping.wait(0.1)

    def _write(self, message):
        if len(message.body) <= LONGEST_BODY and nats.FOREIGN not in message.headers:
            self._history.fact('event', subject=message.subject, msg_id=message.headers.get('Nats-Msg-Id', ''),
                               body=nats.json_or_text(message.body))
