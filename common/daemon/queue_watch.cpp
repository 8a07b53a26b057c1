#include "common/daemon/queue_watch.h"

#include "common/runtime/log.h"

namespace mm::daemon {
namespace {

constexpr Milliseconds kInterval{1'000};
/// While Redis takes no writes, so that its return is noticed soon.
constexpr Milliseconds kFlawedInterval{100};
constexpr Milliseconds kTimeout{300};

}  // namespace

void measure(storage::MemoryGate& gate, QueueMetrics& metrics, const storage::RedisMemory& memory) {
  metrics.share.set(memory.share());
  if (!gate.measure(memory)) return;
  metrics.refuses.set(gate.refuses() ? 1 : 0);
  const auto event = gate.refuses() ? "new_work_refused" : "new_work_accepted";
  log::warning(event, {{"store", "redis_queue"}, {"used_bytes", memory.used}, {"most_bytes", memory.most}});
}

QueueWatch::QueueWatch(Runtime& runtime, storage::Redis& queue)
    : queue_(queue), metrics_(runtime.metrics), task_([this] { return look(); }) {
  runtime.health.probe("redis_queue", [this] { return flaw(); });
}

std::optional<Problem> QueueWatch::refuse_new_work() {
  auto refusal = gate_.refusal();
  if (refusal) metrics_.refused.add();
  return refusal;
}

Milliseconds QueueWatch::look() {
  auto state = queue_.state(Deadline::after(kTimeout));
  if (state.memory) measure(gate_, metrics_, *state.memory);
  metrics_.works.set(state.flaw.empty() ? 1 : 0);
  const MutexLock lock(mutex_);
  flaw_ = std::move(state.flaw);
  return flaw_.empty() ? kInterval : kFlawedInterval;
}

std::string QueueWatch::flaw() const {
  const MutexLock lock(mutex_);
  return flaw_;
}

}  // namespace mm::daemon
