"""Measures how long the platform needs until it works normally again, as its operators and its players see it."""
import json
import time

import processes

POLL = 0.05
POLL_READY = 0.25  # a daemon that was ready a moment ago
STEADY = 1.0       # all daemons must stay ready for this time


class Outcomes:
    """What the bots' history says: frames of found matches, and requests without an answer or with a 5xx answer."""

    def __init__(self, follower):
        self._follower = follower
        self._invoked = {}  # number of an operation without an outcome: (time, gateway)
        self.found = []     # times in microseconds of CLOCK_MONOTONIC
        self.errors = []    # (time of the outcome, time of the request, gateway)

    def read(self):
        for text in self._follower.lines():
            line = json.loads(text)
            if line['ph'] == 'invoke':
                self._invoked[line['i']] = (line['t'], line.get('gateway'))
                continue
            invoked = self._invoked.pop(line['i'], (line['t'], None))
            if line['op'] == 'frame':
                if line.get('type') == 'match_found':
                    self.found.append(line['t'])
            elif line['ph'] == 'info' or line.get('status', 0) >= 500:
                self.errors.append((line['t'], *invoked))

    def first_found(self, since):
        return min((t for t in self.found if t > since), default=None)

    def longest_gap(self, begin, end):
        """The longest time in seconds without a match between two times in microseconds."""
        times = [begin, *sorted(t for t in self.found if begin <= t <= end), end]
        return max(later - earlier for earlier, later in zip(times, times[1:])) / 1e6

    def errors_between(self, begin, end, away=()):
        """The number of errors. `away`: rows (gateway, begin, end): what was sent to this gateway then is not counted, because
        the gateway refused connections, as a load balancer would have known."""
        return sum(begin <= t <= end and not any(gateway == other and first <= invoked <= last for other, first, last in away)
                   for t, invoked, gateway in self.errors)


class Readiness:
    """Polls the daemons; the time at which one was last seen that was not ready."""

    def __init__(self, stack, names, on_ready=lambda name: None):
        self._stack, self._on_ready = stack, on_ready
        self._next = dict.fromkeys(names, 0.0)
        self._ready = dict.fromkeys(names)
        self.last_unready = None

    def poll(self):
        for name, due in self._next.items():
            now = time.monotonic()
            if now < due:
                continue
            ready = self._stack.ready(name)
            if ready and self._ready[name] is False:
                self._on_ready(name)
            self._ready[name] = ready
            if not ready:
                self.last_unready = time.monotonic()
            self._next[name] = now + (POLL_READY if ready else POLL)

    def all_ready(self):
        return all(self._ready.values())

    def unready(self):
        return [name for name, ready in self._ready.items() if not ready]


def seconds_between(since, at):
    return max(0.0, (at - since) / 1e6)


def until_normal(readiness, outcomes, limit, sleep=time.sleep, clock=time.monotonic):
    """Waits from now, the end of a fault, until all daemons are and stay ready and a match was found. Returns the
    seconds until the daemons were ready and until the first match, each None if it did not come within `limit`."""
    healed = clock()
    while clock() - healed < limit + STEADY:
        readiness.poll()
        outcomes.read()
        found = outcomes.first_found(healed * 1e6)
        steady_since = max(healed, readiness.last_unready or 0.0)
        if found and readiness.all_ready() and clock() - steady_since >= STEADY:
            return steady_since - healed, seconds_between(healed * 1e6, found)
        sleep(POLL)
    found = outcomes.first_found(healed * 1e6)
    ready = steady_since - healed if readiness.all_ready() else None
    return ready, seconds_between(healed * 1e6, found) if found else None


def wait_steady(readiness, outcomes, limit):
    """Before a fault: all daemons are ready, and a match was found within the last moments."""
    def steady():
        readiness.poll()
        outcomes.read()
        recent = outcomes.first_found((time.monotonic() - 3) * 1e6)
        return readiness.all_ready() and recent is not None
    return processes.eventually(steady, limit, POLL)
