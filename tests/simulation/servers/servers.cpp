#include "tests/simulation/servers/servers.h"

#include <algorithm>
#include <cstdio>

#include "common/base/result.h"
#include "tests/simulation/servers/boundary.h"

namespace mm::simulation {
namespace {

Servers* the_servers = nullptr;

}  // namespace

RedisNode::RedisNode(Simulator& simulator)
    : server([this, &simulator] {
        const auto wall = simulator.true_time().time_since_epoch() + clock_offset;
        const auto below = std::chrono::duration_cast<std::chrono::microseconds>(simulator.elapsed()).count() % 1'000;
        return std::chrono::duration_cast<std::chrono::microseconds>(wall).count() + below;
      }) {}

void Trace::add(const std::string& text) {
  char head[64];
  const auto ms = std::chrono::duration_cast<std::chrono::microseconds>(simulator_.elapsed()).count();
  const auto* process = simulator_.fiber() != nullptr ? simulator_.process().name.c_str() : "-";
  std::snprintf(head, sizeof head, "%9.3f %-13s ", static_cast<double>(ms) / 1000.0, process);
  const auto line = head + text;
  for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  if (kept) lines_.push_back(line);
}

Servers::Servers(Simulator& of) : simulator(of), queue(of), cache(of), events(of), trace(of) {
  check(the_servers == nullptr, "there is one simulation at a time");
  the_servers = this;
}

Servers::~Servers() { the_servers = nullptr; }

Servers& Servers::current() {
  check(the_servers != nullptr, "no simulation runs");
  return *the_servers;
}

Nanoseconds Servers::delay() {
  auto& random = simulator.random();
  const auto most = random.chance(0.02) ? 20'000 : 450;
  return std::chrono::microseconds(50 + random.between(0, most));
}

void Servers::restart(RedisNode& node, Milliseconds pause) {
  node.up = false;
  ++node.starts;
  node.server.start_again();
  node.held.clear();
  simulator.at(pause, [&node] { node.up = true; });
}

void Servers::pause(RedisNode& node) { node.paused = true; }

void Servers::resume(RedisNode& node) {
  node.paused = false;
  for (auto& action : std::exchange(node.held, {})) action();
}

Servers::Committed Servers::transaction(Deadline deadline, const std::function<void(TimePoint)>& work) {
  auto& random = simulator.random();
  const auto reached = [&] { return database.up && simulator.process().linked_to_database; };
  at_boundary("transaction");
  simulator.sleep(delay());
  if (!reached() || deadline.passed() || random.chance(faults.database_refuses)) return Committed::no;
  simulator.sleep(delay());
  if (!reached()) return Committed::no;
  const bool loses_reply = random.chance(faults.database_reply_lost);
  if (loses_reply && random.chance(0.5)) return Committed::unknown;
  work(simulator.true_time());
  if (database.committed) {
    if (const auto broken = database.committed(); !broken.empty()) simulator.fail(broken);
  }
  simulator.sleep(delay());
  at_boundary("transaction");
  return loses_reply || !simulator.process().linked_to_database ? Committed::unknown : Committed::yes;
}

Nanoseconds elapsed_at(const Simulator& simulator, Deadline deadline) {
  return simulator.elapsed() + (deadline.when() - std::chrono::steady_clock::now());
}

}  // namespace mm::simulation
