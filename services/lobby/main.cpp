// The lobby daemon.
#include "services/lobby/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::lobby::Service>(argc, argv); }
