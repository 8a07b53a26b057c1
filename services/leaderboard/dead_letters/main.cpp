// mm-dead-letters: see command.h. `make dead-letters` runs it with the addresses of the running stack.
#include <cstdio>
#include <cstdlib>

#include "common/runtime/log.h"
#include "services/leaderboard/dead_letters/command.h"

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  mm::log::start("mm-dead-letters", "mm-dead-letters", mm::log::Level::error);
  return mm::leaderboard::dead_letters::run_command(
      {argv + 1, argv + argc}, {variable("MM_POSTGRES_URL"), variable("MM_NATS_URL")},
      [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
}
