// The profile daemon: accounts, profiles and ratings.
#include "common/daemon/daemon_main.h"
#include "services/profile/service.h"

int main(int argc, char** argv) { return mm::daemon_main<mm::profile::Service>(argc, argv); }
