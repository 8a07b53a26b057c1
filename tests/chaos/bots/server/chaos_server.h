// The chaos game server: hosts up to 64 matches without players, and reports each result several times. It follows
// services/game_server/README.md; README.md in the parent folder describes what it adds.
#pragma once

namespace mm::chaos {

/// Reads the settings and runs until SIGTERM, or until it has had neither an orchestrator nor a match for
/// MM_GAME_IDLE_SECONDS. Exit status: 0 stopped; 64 arguments; 69 folder, history or Unix socket not available; 78
/// wrong settings.
int run_server(int argc, char** argv);

}  // namespace mm::chaos
