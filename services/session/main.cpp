// The session daemon.
#include "services/session/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::session::Service>(argc, argv); }
