#include "tests/chaos/proxy/plan.h"

#include <sstream>

namespace mm::chaos {
namespace {

Protocol protocol_of(std::string_view store) {
  if (store == "nats") return Protocol::nats;
  return store == "postgres" ? Protocol::postgres : Protocol::opaque;
}

}  // namespace

Result<std::vector<LinkPlan>, std::string> parse_plan(std::string_view text) {
  std::vector<LinkPlan> plans;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string process, store, rest;
    int port = 0;
    if (!(words >> process)) continue;
    if (!(words >> store >> port) || port < 1 || port > 65'535 || words >> rest) {
      return fail("line " + std::to_string(number) + " is not PROCESS STORE PORT");
    }
    plans.push_back({process + "." + store, protocol_of(store), static_cast<unsigned short>(port)});
  }
  return plans;
}

}  // namespace mm::chaos
