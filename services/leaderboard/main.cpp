// Leaderboard: finished matches and standings.
#include "services/leaderboard/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::leaderboard::Service>(argc, argv); }
