"""Writes what the stores contain to RUN/dump, in the format of tests/chaos/checker/README.md."""
import json
import os
import subprocess
import time

import nats
import resp

BATCH = 500
READERS = {'string': ('GET',), 'hash': ('HGETALL',), 'list': ('LRANGE', 0, -1), 'set': ('SMEMBERS',),
           'zset': ('ZRANGE', 0, -1, 'WITHSCORES')}


def dump_all(stack, run):
    """A dump that fails leaves no folder `dump`, because the checker would take what is missing for lost."""
    folder = os.path.join(run, 'dump-unfinished')
    os.makedirs(folder, exist_ok=True)
    for name in ('redis_queue', 'redis_cache'):
        with resp.Redis(stack.port(name.replace('_', '-')), 'operator', stack.secret(name + '_operator'), timeout=30) as redis:
            dump_redis(redis, os.path.join(folder, name + '.jsonl'))
    dump_postgres(stack, os.path.join(folder, 'postgres'))
    dump_streams(stack, os.path.join(folder, 'jetstream'))
    os.rename(folder, os.path.join(run, 'dump'))


def write_lines(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        for line in lines:
            file.write(json.dumps(line, separators=(',', ':'), ensure_ascii=False) + '\n')


# --- Redis ----------------------------------------------------------------------------------------------------------

def dump_redis(redis, path):
    keys = sorted(redis.command('KEYS', '*'))
    write_lines(path, (line for at in range(0, len(keys), BATCH) for line in redis_lines(redis, keys[at:at + BATCH])))


def redis_lines(redis, keys):
    types = redis.pipeline([('TYPE', key) for key in keys])
    known = [(key, kind) for key, kind in zip(keys, types) if kind in READERS]  # a key may be gone by now
    if not known:
        return []
    values = redis.pipeline([(READERS[kind][0], key, *READERS[kind][1:]) for key, kind in known])
    return [{'key': key, 'type': kind, 'value': shaped(kind, value)} for (key, kind), value in zip(known, values)]


def shaped(kind, value):
    if kind == 'hash':
        return dict(zip(value[::2], value[1::2]))
    if kind == 'zset':
        return [[member, float(score)] for member, score in zip(value[::2], value[1::2])]
    return sorted(value) if kind == 'set' else value


# --- PostgreSQL -----------------------------------------------------------------------------------------------------

def dump_postgres(stack, folder):
    os.makedirs(folder, exist_ok=True)
    tables = psql(stack, "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT IN "
                         "('pg_catalog', 'information_schema') ORDER BY 1").split()
    for table in tables:
        schema, name = table.split('.')
        with open(os.path.join(folder, table + '.jsonl'), 'wb') as file:
            psql(stack, f'SELECT row_to_json(t) FROM "{schema}"."{name}" t', file)


def psql(stack, statement, file=subprocess.PIPE):
    """The output of a statement of the superuser, whose password psql reads from the file of ops/stack."""
    environment = {**os.environ, 'PGPASSFILE': os.path.join(stack.folder, 'secrets/pgpass')}
    done = subprocess.run(['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p',
                           str(stack.port('postgres')), '-U', 'postgres', '-d', 'matchmaker', '-c', statement],
                          env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, timeout=120)
    if done.returncode != 0:
        raise RuntimeError('psql: ' + done.stderr.decode(errors='replace'))
    return done.stdout.decode() if done.stdout else ''


# --- JetStream ------------------------------------------------------------------------------------------------------

def dump_streams(stack, folder):
    def connect():
        return nats.Nats(stack.port('nats'), 'operator', stack.secret('nats_operator'), timeout=10)

    with connect() as connection:
        streams = connection.request('$JS.API.STREAM.NAMES').get('streams') or []
    for stream in streams:
        if stream == 'CANARY':  # has no events, and cannot always be read after it was truncated (nats-server 2.9.10)
            continue
        # One connection for each stream, because the consumer goes on to deliver what is stored during the dump.
        with connect() as connection:
            write_lines(os.path.join(folder, stream + '.jsonl'), stream_lines(connection, stream))


def stream_lines(connection, stream):
    """All messages of a stream, through a consumer of our own that nats-server removes when we are gone."""
    state = connection.request(f'$JS.API.STREAM.INFO.{stream}')['state']
    if not state['messages']:
        return
    inbox = f'_INBOX.dump.{stream}'
    made = connection.request(f'$JS.API.CONSUMER.CREATE.{stream}', json.dumps({
        'stream_name': stream, 'config': {'deliver_subject': inbox, 'deliver_policy': 'all', 'ack_policy': 'none',
                                          'replay_policy': 'instant', 'inactive_threshold': 10_000_000_000}}).encode())
    if 'error' in made:
        raise RuntimeError(f"the stream {stream} cannot be read: {made['error']}")
    connection.subscribe(inbox)  # from now on the server delivers
    sequence = pending = None
    # A stream that has lost its end may count messages that it has no more.
    while pending != 0 and sequence != state['last_seq']:
        message = connection.next(within=10)
        # The reply subject: $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>
        words = message.reply.split('.')
        sequence, pending = int(words[5]), int(words[8])
        if nats.FOREIGN in message.headers:
            continue
        yield {'seq': sequence, 'subject': message.subject, 'msg_id': message.headers.get('Nats-Msg-Id', ''),
               'time': time_text(int(words[7])), 'body': nats.json_or_text(message.body)}


def time_text(nanoseconds):
    """RFC 3339 in UTC."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds)) + f'.{rest:09}Z'
