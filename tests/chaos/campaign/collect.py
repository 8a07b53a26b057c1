"""Copies the logs and the metrics of the stack to the folder of the run."""
import os
import shutil


def collect_logs(stack, run):
    for name in sorted(os.listdir(os.path.join(stack.folder, 'log'))):
        source = os.path.join(stack.folder, 'log', name)
        target = os.path.join(run, 'logs', name)
        if os.path.isdir(source):
            # Rotated files have names like @400000…; lock and config are of svlogd.
            files = [file for file in os.listdir(source) if file.startswith('@') or file in ('current', 'previous')]
            os.makedirs(target, exist_ok=True)
            for file in files:
                shutil.copyfile(os.path.join(source, file), os.path.join(target, file))
        elif os.path.isfile(source) and name != 'chaos-ballast':
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(source, target)


def collect_metrics(stack, run, when):
    """`when`: before or after the load."""
    os.makedirs(os.path.join(run, 'metrics'), exist_ok=True)
    for name in stack.daemons():
        with open(os.path.join(run, 'metrics', f'{name}.{when}'), 'w', encoding='utf-8') as file:
            file.write(stack.admin(name, '/metrics')[1])
