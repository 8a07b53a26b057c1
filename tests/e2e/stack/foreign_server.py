#!/usr/bin/python3
"""A game server for the test of MM_GAME_SERVER_PROGRAM, written from services/game_server/README.md alone. It accepts matches,
sends one heartbeat and reports that the first team won. No player joins its matches."""

import json
import os
import socket
import threading
import urllib.error
import urllib.request

SECONDS_BETWEEN_TRIES = 0.5
TRIES = 60


def post(match, what, body):
    url = f"{match['gateway_url']}/v1/session/{match['match_id']}/{what}"
    headers = {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + match['server_token']}
    for _ in range(TRIES):
        try:
            urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=5)
            return
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                return
        except OSError:
            pass
        threading.Event().wait(SECONDS_BETWEEN_TRIES)


def play(match, send, hosted):
    post(match, 'heartbeat', {'player_count': 0, 'status': 'running'})
    post(match, 'result', {'winning_team': 0, 'duration_seconds': 1})
    hosted.discard(match['match_id'])
    send({'event': 'ended', 'match_id': match['match_id']})


def serve(connection, hosted):
    lock = threading.Lock()

    def send(line):
        with lock:
            try:
                connection.sendall((json.dumps(line) + '\n').encode())
            except OSError:
                pass  # the orchestrator went; it comes back by itself

    endpoint = f"{os.environ['MM_GAME_ADDRESS']}:{os.environ['MM_GAME_PORT']}"
    send({'event': 'hello', 'server_id': os.environ['MM_SERVER_ID'], 'endpoint': endpoint, 'capacity': 64, 'matches': sorted(hosted)})
    for text in connection.makefile('r'):
        line = json.loads(text)
        if 'match_id' not in line:
            continue
        send({'event': 'hosting', 'match_id': line['match_id']})
        if line['match_id'] not in hosted:
            hosted.add(line['match_id'])
            threading.Thread(target=play, args=(line, send, hosted), daemon=True).start()


def main():
    path = f"{os.environ['MM_RUNTIME_DIR']}/{os.environ['MM_SERVER_ID']}.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    hosted = set()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, hosted), daemon=True).start()


main()
