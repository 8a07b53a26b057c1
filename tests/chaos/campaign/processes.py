"""Processes: children that end with the campaign, and what /proc says about others."""
import ctypes
import os
import signal
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A program of the campaign. The kernel kills it if the campaign itself is killed."""

    def __init__(self, arguments, output, environment=None):
        self.log = output
        with open(output, 'ab') as file:
            self._process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                             env=environment, start_new_session=True, preexec_fn=_die_with_parent)
        self.pid = self._process.pid

    def ended(self):
        return self._process.poll() is not None

    def wait(self, seconds):
        """The exit status, or None if the child has not ended in this time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, seconds):
        """SIGTERM, and SIGKILL if the child does not end in time. Returns the exit status."""
        if not self.ended():
            self._process.terminate()
        status = self.wait(seconds)
        if status is None:
            self._process.kill()
            status = self._process.wait()
        return status


def send(pid, number):
    """Sends a signal; False if there is no such process."""
    if not pid:
        return False
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def with_descendants(pid):
    """The process and all its descendants, the process first."""
    found = [pid]
    for one in found:
        try:
            with open(f'/proc/{one}/task/{one}/children') as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            pass  # it has ended
    return found


def with_environment(assignment):
    """The processes that have this assignment in their environment, as 'NAME=value'."""
    found = []
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open(f'/proc/{name}/environ', 'rb') as file:
                if assignment.encode() in file.read().split(b'\0'):
                    found.append(int(name))
        except OSError:
            continue
    return found


def eventually(condition, seconds, interval=0.05):
    """Polls until the condition holds. False if it does not within the time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= until:
            return False
        time.sleep(interval)
    return True
