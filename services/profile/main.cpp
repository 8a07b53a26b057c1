// Profile: accounts, profiles and ratings.
#include "services/profile/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::profile::Service>(argc, argv); }
