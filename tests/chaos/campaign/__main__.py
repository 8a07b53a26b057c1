"""The chaos campaign: `make chaos`. README.md describes it.

Environment: FAULT, SEED, MINUTES, PLAYERS, RATE, SHORT, KEEP, RUN, MM_BUILD_DIR, MM_PORT_BASE. The exit status is 0 if no
bound was missed and no invariant is violated, 1 if one was, 64 if a setting is wrong.
"""
import os
import shutil
import signal
import sys
import time

import settings as run_settings
from campaign import Campaign, Stuck


class OutOfTime(Exception):
    pass


class Ended(Exception):
    """Somebody asked the campaign to end."""


def raise_on_signals():
    def out_of_time(*_):
        raise OutOfTime

    def ended(number, _):
        raise Ended(signal.Signals(number).name)
    signal.signal(signal.SIGALRM, out_of_time)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ended)


def run(campaign, settings):
    verdict = campaign.verdict
    signal.setitimer(signal.ITIMER_REAL, settings.longest_seconds())
    try:
        campaign.start()
        try:
            campaign.inject_all()
        except Stuck as stuck:
            verdict.problems.append(str(stuck))
        campaign.settle()
    except OutOfTime:
        verdict.problems.append(f'the run did not end within {settings.longest_seconds():.0f} s')
    except Ended as ended:
        verdict.problems.append(f'ended by {ended}')
    except Exception as error:  # pylint: disable=broad-except
        verdict.problems.append(f'{type(error).__name__}: {error}')
    finally:
        campaign.stop()
    if os.path.isdir(os.path.join(settings.run, 'dump')):
        campaign.check()


def main():
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), '../../..'))
    try:
        settings = run_settings.read(os.environ, root)
    except run_settings.Refused as refused:
        print('chaos:', refused, file=sys.stderr)
        return 64
    began = time.monotonic()

    def say(text):
        print(f'[{time.monotonic() - began:7.1f} s] {text}', flush=True)
    raise_on_signals()
    say(f'seed {settings.seed}; the run is in {os.path.relpath(settings.run)}')
    campaign = Campaign(root, settings, say)
    run(campaign, settings)
    lines = list(campaign.verdict.lines())
    print('\n'.join(lines))
    os.makedirs(settings.run, exist_ok=True)
    with open(os.path.join(settings.run, 'report.txt'), 'w', encoding='utf-8') as file:
        file.write('\n'.join(lines) + '\n')
    if campaign.verdict.passed():
        if not settings.keep:
            shutil.rmtree(settings.run)
        return 0
    print(f'again: SEED={settings.seed} make chaos; everything about this run is in {os.path.relpath(settings.run)}')
    return 1


if __name__ == '__main__':
    sys.exit(main())
