// The session daemon.
#include "common/runtime/daemon_main.h"
#include "services/session/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::session::Service>(argc, argv); }
