// The session daemon: what becomes of a match, from found to over.
#include "common/daemon/daemon_main.h"
#include "services/session/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::session::Service>(argc, argv); }
