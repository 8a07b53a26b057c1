// The sample game server: one process that hosts up to 64 matches. It is not a daemon of the platform and does not use
// the bus: it is connected to its orchestrator (Unix socket), the gateway (HTTP) and its players (WebSocket).
#pragma once

namespace mm::game {

/// Reads the settings and runs until SIGTERM, or until it has had neither an orchestrator nor a match for
/// MM_GAME_IDLE_SECONDS. Exit status: 0 stopped; 64 arguments; 69 folder or Unix socket not available; 78 wrong
/// settings; 98 cannot listen on the port.
int run(int argc, char** argv);

}  // namespace mm::game
