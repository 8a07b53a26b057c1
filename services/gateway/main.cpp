// The main program of the gateway daemon, the HTTP and WebSocket API for players, game servers and operators.
#include "common/daemon/daemon_main.h"
#include "services/gateway/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::gateway::Service>(argc, argv); }
