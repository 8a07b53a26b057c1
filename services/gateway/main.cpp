// The gateway: what players, game servers and operators reach.
#include "services/gateway/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::gateway::Service>(argc, argv); }
