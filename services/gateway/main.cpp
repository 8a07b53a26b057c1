// The gateway: what players, game servers and operators reach.
#include "common/runtime/daemon_main.h"
#include "services/gateway/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::gateway::Service>(argc, argv); }
