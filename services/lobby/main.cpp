// The lobby daemon.
#include "common/daemon/daemon_main.h"
#include "services/lobby/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::lobby::Service>(argc, argv); }
