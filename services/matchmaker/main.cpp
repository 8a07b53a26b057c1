// The matchmaker daemon.
#include "services/matchmaker/service.h"

int main(int argc, char** argv) { return mm::run_daemon<mm::matchmaker::Service>(argc, argv); }
