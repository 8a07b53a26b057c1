#include "services/matchmaker/owner/tick_loop.h"

#include <algorithm>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kReportInterval{1'000};
constexpr Milliseconds kBusTimeout{1'000};
constexpr Milliseconds kTickTimeout{3'000};

}  // namespace

TickLoop::TickLoop(const Parts& parts, Milliseconds interval)
    : parts_(parts),
      interval_(interval),
      owner_({parts.store, parts.verifier, parts.modes, parts.clock, parts.metrics, parts.address,
              parts.recorder.encoder()}),
      committer_({parts.store, parts.publisher, parts.waits, parts.clock, parts.metrics, parts.plan_threads,
                  parts.max_unconfirmed}),
      depth_report_(parts.store, parts.publisher, parts.waits, parts.clock, parts.metrics, parts.instance),
      thread_([this] { run(); }) {}

TickLoop::~TickLoop() {
  stopping_ = true;
  thread_.join();
  parts_.snapshot_requests.close();
  owner_.hand_over();
  update_owned_tenants();
}

bool TickLoop::ticking() const {
  const SteadyPoint at{SteadyPoint::duration(ticked_at_.load())};
  return parts_.clock.steady() - at < std::max<SteadyPoint::duration>(kTickTimeout, interval_ * 5);
}

void TickLoop::run() {
  auto next = std::chrono::steady_clock::now();
  while (!stopping_) {
    const auto started = std::chrono::steady_clock::now();
    tick(started, next + interval_);
    const auto took = std::chrono::steady_clock::now() - started;
    parts_.metrics.tick.observe(std::chrono::duration<double>(took).count());
    if (took > interval_) parts_.metrics.overruns.add();
    // A late tick is not made up for: a second tick right after it would find nothing new.
    next = std::max(next + interval_, std::chrono::steady_clock::now());
    std::this_thread::sleep_until(next);
  }
}

// `next`: when the next tick begins, unless this one takes longer.
void TickLoop::tick(SteadyPoint started, SteadyPoint next) {
  parts_.recorder.tick();
  parts_.snapshot_requests.begin_tick();
  if (!bus_present()) {
    parts_.snapshot_requests.reject_all();
    owner_.hand_over();
    update_owned_tenants();
    return;
  }
  const bool reached = committer_.retry_unknown_commits(owner_) && owner_.refresh(bucket_opened_.exchange(false)) &&
                       committer_.decide(owner_);
  for (const auto& bucket : owner_.take_changed_buckets()) parts_.waits.forget(bucket);
  update_owned_tenants();
  if (!reached) {
    parts_.metrics.failed_ticks.add();
    parts_.snapshot_requests.reject_all();
    return;
  }
  const auto begins = std::max(next, std::chrono::steady_clock::now());
  parts_.snapshot_requests.end_tick(owner_, std::chrono::round<Milliseconds>(begins - started), interval_);
  ticked_at_ = parts_.clock.steady().time_since_epoch().count();
  if (parts_.clock.steady() - reported_at_ >= kReportInterval) report_depths();
}

bool TickLoop::bus_present() {
  if (parts_.bus.connected()) {
    bus_gone_since_.reset();
    return true;
  }
  if (!bus_gone_since_) bus_gone_since_ = parts_.clock.steady();
  return parts_.clock.steady() - *bus_gone_since_ < kBusTimeout;
}

void TickLoop::update_owned_tenants() {
  parts_.owned_tenants.changed(owner_.take_changed_tenants());
  parts_.owned_tenants.forget(owner_.take_removed_tenants());
  if (!owner_.take_ownership_changed()) return;
  std::map<Tenant, std::string> tokens;
  for (const auto* partition : owner_.owned()) {
    if (partition->is_maintenance()) tokens[partition->name.tenant] = partition->lease.token();
  }
  parts_.owned_tenants.own(std::move(tokens));
}

void TickLoop::report_depths() {
  reported_at_ = parts_.clock.steady();
  depth_report_.report(owner_.owned(), committer_.take_match_counts());
}

}  // namespace mm::matchmaker
