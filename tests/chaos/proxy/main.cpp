// mm-chaos-proxy: stands between daemons and stores and injects faults into their connections.
//
//   mm-chaos-proxy PLAN PORTS CONTROL [SEED]
//
// PLAN: a file with lines "PROCESS STORE PORT". For each line, the proxy listens on a free port of 127.0.0.1 and passes
// connections on to PORT. PORTS: the file that it writes, with the same lines and its own ports (MM_PROXY_PORTS of
// `make up`). CONTROL: the path of the Unix socket on which faults are set (README.md). SIGTERM ends it.
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>

#include <boost/asio/signal_set.hpp>

#include "tests/chaos/proxy/control.h"

namespace mm::chaos {
namespace {

constexpr int kUsage = 64;
constexpr int kConfiguration = 78;

/// Renames a complete file into place, so that a reader who sees the file sees all ports.
bool write_ports(const std::string& path, const Links& links) {
  const auto fresh = path + ".new";
  {
    std::ofstream file(fresh);
    for (const auto& link : links) {
      const auto dot = link->name().rfind('.');
      file << link->name().substr(0, dot) << ' ' << link->name().substr(dot + 1) << ' ' << link->port() << '\n';
    }
    if (!file.flush()) return false;
  }
  return std::rename(fresh.c_str(), path.c_str()) == 0;
}

int run(const std::string& plan_path, const std::string& ports_path, const std::string& control, std::uint64_t seed) {
  std::ostringstream text;
  if (!(text << std::ifstream(plan_path).rdbuf())) {
    std::fprintf(stderr, "mm-chaos-proxy: %s cannot be read or is empty\n", plan_path.c_str());
    return kConfiguration;
  }
  const auto plans = parse_plan(text.str());
  if (!plans) {
    std::fprintf(stderr, "mm-chaos-proxy: %s: %s\n", plan_path.c_str(), plans.error().c_str());
    return kConfiguration;
  }
  asio::io_context io{1};
  Links links;
  for (const auto& plan : *plans) links.push_back(std::make_unique<Link>(io, plan, seed));
  const ControlServer server(io, control, links);
  asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&io](ErrorCode, int) { io.stop(); });
  if (!write_ports(ports_path, links)) {
    std::fprintf(stderr, "mm-chaos-proxy: %s cannot be written\n", ports_path.c_str());
    return kConfiguration;
  }
  io.run();
  return 0;
}

}  // namespace
}  // namespace mm::chaos

int main(int argc, char** argv) {
  std::uint64_t seed = 1;
  const std::string seed_text = argc > 4 ? argv[4] : "1";
  const auto* const end = seed_text.data() + seed_text.size();
  if (argc < 4 || argc > 5 || std::from_chars(seed_text.data(), end, seed).ptr != end) {
    std::fprintf(stderr, "usage: mm-chaos-proxy PLAN PORTS CONTROL [SEED]\n");
    return mm::chaos::kUsage;
  }
  try {
    return mm::chaos::run(argv[1], argv[2], argv[3], seed);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mm-chaos-proxy: %s\n", error.what());
    return 70;
  }
}
