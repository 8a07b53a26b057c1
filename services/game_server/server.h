// The sample game server: one process that hosts up to 64 matches. Not a daemon of the platform: it knows its
// orchestrator (by a Unix socket), the gateway (by HTTP) and its players (by WebSocket), and nothing of the bus.
#pragma once

namespace mm::game {

/// Reads the settings and serves until SIGTERM, or until it has had neither an orchestrator nor a match for
/// MM_GAME_IDLE_SECONDS. Exit status: 0; 69 the folder or the socket cannot be had; 78 wrong settings; 98 the port is
/// taken.
int run(int argc, char** argv);

}  // namespace mm::game
