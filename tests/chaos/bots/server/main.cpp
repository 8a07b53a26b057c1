// mm-chaos-server: the game server of the chaos campaign.
#include "tests/chaos/bots/server/chaos_server.h"

int main(int argc, char** argv) { return mm::chaos::run_server(argc, argv); }
