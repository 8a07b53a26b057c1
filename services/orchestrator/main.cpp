// The orchestrator daemon.
#include "services/orchestrator/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::orchestrator::Service>(argc, argv); }
