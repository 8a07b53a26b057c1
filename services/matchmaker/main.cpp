// Entry point of the matchmaker daemon.
#include "common/daemon/daemon_main.h"
#include "services/matchmaker/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::matchmaker::Service>(argc, argv); }
