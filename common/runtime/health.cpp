#include "common/runtime/health.h"

#include <utility>

namespace mm::runtime {
namespace {

/// A failed condition is evaluated again after this time, so that readiness returns soon after the dependency does.
constexpr Milliseconds kFailedProbeInterval{100};

}  // namespace

void Health::set(std::string_view name, bool holds, std::string_view reason) {
  const MutexLock lock(mutex_);
  conditions_.insert_or_assign(std::string(name), State{holds, std::string(reason)});
}

void Health::probe(std::string_view name, std::function<std::string()> flaw) {
  add_probe(name, [flaw = std::move(flaw)] {
    auto reason = flaw();
    const bool holds = reason.empty();
    return State{holds, std::move(reason)};
  });
}

void Health::probe(std::string_view name, std::function<bool()> holds) {
  add_probe(name, [holds = std::move(holds)] { return State{holds(), {}}; });
}

void Health::add_probe(std::string_view name, std::function<State()> ask) {
  const MutexLock lock(probing_);
  probes_.insert_or_assign(std::string(name), Probe{std::move(ask), {}, {}});
}

void Health::pause_probes() {
  const MutexLock lock(probing_);
  paused_ = true;
}

void Health::resume_probes() {
  const MutexLock lock(probing_);
  paused_ = false;
}

bool Health::ready() const { return failures().empty(); }

std::vector<std::string> Health::failing() const {
  std::vector<std::string> names;
  for (auto& failure : failures()) names.push_back(std::move(failure.name));
  return names;
}

std::vector<Health::Failure> Health::failures() const {
  std::map<std::string, State, std::less<>> all;
  {
    const MutexLock lock(mutex_);
    all = conditions_;
  }
  {
    // Only one evaluation runs at a time: `pause_probes` returns when none runs.
    const MutexLock lock(probing_);
    const auto now = std::chrono::steady_clock::now();
    for (auto& [name, probe] : probes_) {
      if (paused_) break;
      if (probe.asked_at == SteadyPoint{} ||
          now - probe.asked_at >= (probe.state.holds ? Milliseconds(kProbeInterval) : kFailedProbeInterval)) {
        probe.state = probe.ask();
        probe.asked_at = now;
      }
      all.insert_or_assign(name, probe.state);
    }
  }
  std::vector<Failure> failures;
  for (auto& [name, state] : all) {
    if (!state.holds) failures.push_back({name, std::move(state.reason)});
  }
  return failures;
}

}  // namespace mm::runtime
