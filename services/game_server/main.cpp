// The sample game server.
#include "services/game_server/server.h"

int main(int argc, char** argv) { return mm::game::run(argc, argv); }
