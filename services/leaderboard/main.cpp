// The leaderboard daemon: finished matches and standings.
#include "common/daemon/daemon_main.h"
#include "services/leaderboard/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::leaderboard::Service>(argc, argv); }
