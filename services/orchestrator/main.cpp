// The orchestrator daemon.
#include "common/daemon/daemon_main.h"
#include "services/orchestrator/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::orchestrator::Service>(argc, argv); }
