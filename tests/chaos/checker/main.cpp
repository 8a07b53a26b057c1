// mm-check: checks a run of the chaos campaign.
#include <iostream>

#include "tests/chaos/checker/command.h"

int main(int argc, char** argv) {
  return mm::chaos::check_command(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr);
}
