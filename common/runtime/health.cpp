#include "common/runtime/health.h"

#include <utility>

namespace mm::runtime {
namespace {

/// A failed condition is evaluated again after this time, so that readiness returns soon after the dependency does.
constexpr Milliseconds kFailedProbeInterval{100};

}  // namespace

void Health::set(std::string_view name, bool holds) {
  const MutexLock lock(mutex_);
  conditions_.insert_or_assign(std::string(name), holds);
}

void Health::probe(std::string_view name, std::function<bool()> holds) {
  const MutexLock lock(probing_);
  probes_.insert_or_assign(std::string(name), Probe{std::move(holds), {}, false});
}

void Health::pause_probes() {
  const MutexLock lock(probing_);
  paused_ = true;
}

void Health::resume_probes() {
  const MutexLock lock(probing_);
  paused_ = false;
}

bool Health::ready() const { return failing().empty(); }

std::vector<std::string> Health::failing() const {
  std::map<std::string, bool, std::less<>> all;
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
          now - probe.asked_at >= (probe.held ? Milliseconds(kProbeInterval) : kFailedProbeInterval)) {
        probe.held = probe.holds();
        probe.asked_at = now;
      }
      all.insert_or_assign(name, probe.held);
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, holds] : all) {
    if (!holds) names.push_back(name);
  }
  return names;
}

}  // namespace mm::runtime
