#include "common/bus/jetstream_watch.h"

#include <algorithm>

#include "common/bus/bus_impl.h"
#include "common/bus/reply_mux.h"
#include "common/contracts/canary.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

// No stream gets so far, so the message is always refused.
const HeaderList kNeverStored{{"Nats-Expected-Last-Sequence", "9223372036854775807"}};
constexpr std::string_view kRefusedForSequence = "wrong last sequence";

}  // namespace

struct JetStreamWatch::State {
  struct Watched {
    std::string subject;
    bool is_stored = false;
    bool waits = false;  // for an answer
    int failures = 0;    // in a row
    bool has_worked = false;
  };

  State(std::string_view daemon, metrics::Registry& metrics)
      : works(metrics.gauge("mm_bus_jetstream_works", "1 while JetStream stores what this daemon publishes")),
        failed(metrics.counter("mm_bus_jetstream_failures_total", "Checks of JetStream without the expected answer")) {
    for (auto& subject : canary::probes_of(daemon)) watched.push_back({std::move(subject), false, false, 0, false});
    if (!watched.empty()) watched.push_back({canary::subject_of(daemon), true, false, 0, false});
    works.set(1);
  }

  void answered(std::size_t at, bool well);
  static std::string flaw_of(const Watched& one);
  bool any_failed() const REQUIRES(mutex) {
    return std::ranges::any_of(watched, [](const Watched& one) { return one.failures >= kFailuresMost; });
  }

  metrics::Gauge works;
  metrics::Counter failed;
  mutable Mutex mutex;
  std::vector<Watched> watched GUARDED_BY(mutex);
};

void JetStreamWatch::State::answered(std::size_t at, bool well) {
  const MutexLock lock(mutex);
  auto& one = watched[at];
  const bool failed_before = any_failed();
  one.waits = false;
  one.failures = well ? 0 : one.failures + 1;
  one.has_worked = one.has_worked || well;
  if (!well) failed.add();
  const bool fails = any_failed();
  works.set(fails ? 0 : 1);
  if (fails && !failed_before)
    log::error("jetstream_does_not_work", {{"subject", one.subject}, {"reason", flaw_of(one)}});
  if (!fails && failed_before) log::info("jetstream_works_again", {{"subject", one.subject}});
}

JetStreamWatch::JetStreamWatch(Bus& bus, std::string_view daemon, metrics::Registry& metrics, Milliseconds interval)
    : state_(std::make_shared<State>(daemon, metrics)), bus_(bus), interval_(interval) {}

JetStreamWatch::~JetStreamWatch() = default;

// The handlers run at the latest at the deadline, which is before the next message to the same subject.
void JetStreamWatch::tick() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + interval_;
  std::vector<std::pair<std::size_t, State::Watched>> due;
  {
    const MutexLock lock(state_->mutex);
    for (std::size_t i = 0; i < state_->watched.size(); ++i) {
      auto& one = state_->watched[i];
      if (!one.waits) due.emplace_back(i, one);
      one.waits = true;
    }
  }
  for (const auto& [i, one] : due) {
    const auto judge = [state = state_, at = i, is_stored = one.is_stored](natsStatus status, MsgPtr message) {
      const auto stored = stored_of(status, message.get(), {});
      state->answered(at, is_stored ? stored.ok() : !stored && stored.error().starts_with(kRefusedForSequence));
    };
    bus_.impl().mux().send(one.subject, {}, one.is_stored ? HeaderList{} : kNeverStored, Deadline::after(interval_),
                           judge);
  }
}

std::string JetStreamWatch::State::flaw_of(const Watched& one) {
  if (one.is_stored) return "JetStream stores no messages: its disk may be full";
  return "the stream of " + one.subject.substr(0, one.subject.find('.')) +
         " events does not answer: nats-server must be restarted";
}

std::string JetStreamWatch::flaw() const {
  const MutexLock lock(state_->mutex);
  for (const auto& one : state_->watched) {
    if (one.failures >= kFailuresMost) return State::flaw_of(one);
  }
  return {};
}

bool JetStreamWatch::has_worked() const {
  const MutexLock lock(state_->mutex);
  return std::ranges::all_of(state_->watched, &State::Watched::has_worked);
}

}  // namespace mm::bus
