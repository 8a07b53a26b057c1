#include "common/bus/notifier.h"

#include <atomic>

#include "common/bus/bus_impl.h"
#include "common/bus/notify_script.h"
#include "common/contracts/subjects.h"
#include "common/runtime/log.h"
#include "common/wire/json.h"
#include "common/wire/time_text.h"

namespace mm::bus {
namespace {

constexpr Milliseconds kCacheTimeout{200};
// After a failure of the cache, frames are dropped for this time, so that notifications do not slow down the callers.
constexpr Milliseconds kCoolDown{1'000};
constexpr const char* kCounterSeconds = "86400";
// Gateways write the presence of 10,000 players again within two seconds after the cache has returned.
constexpr const char* kUncertainSeconds = "30";

std::string frame_text(const Notifier::Frame& frame, std::int64_t seq, TimePoint now) {
  json::Writer writer;
  writer.begin_object();
  writer.key("event");
  writer.string(frame.event);
  writer.key("seq");
  writer.integer(seq);
  writer.key("data");
  writer.raw(frame.data);
  writer.key("timestamp");
  writer.string(wire::format_time(now));
  writer.end_object();
  return writer.take();
}

storage::RedisCommand numbering(const Tenant& tenant, PlayerId player) {
  const auto prefix = "mm:{" + tenant.str() + "}:";
  const auto id = player.to_string();
  return {.arguments = {kCounterSeconds, kUncertainSeconds, prefix + "presence:" + id},
          .script = &kNotify,
          .keys = {prefix + "seq:" + id, prefix + "seq:seen", prefix + "seq:uncertain"}};
}

}  // namespace

struct Notifier::Impl {
  Impl(Bus& b, storage::Redis& r, const Clock& c)
      : bus(b),
        cache(r),
        clock(c),
        sent(b.impl().registry.counter("mm_notify_frames_total", "Frames sent to players with an open socket")),
        lost(b.impl().registry.counter("mm_notify_frames_lost_total",
                                       "Frames not sent because cache or bus was down")) {}

  Bus& bus;
  storage::Redis& cache;
  const Clock& clock;
  metrics::Counter sent;
  metrics::Counter lost;
  std::atomic<std::int64_t> paused_until{0};  // steady time in ms

  bool is_paused() const { return now_ms() < paused_until.load(); }
  void pause(const std::string& reason) {
    paused_until = now_ms() + kCoolDown.count();
    log::warning("frames_not_sent", {{"reason", reason}});
  }
  static std::int64_t now_ms() {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
};

Notifier::Notifier(Bus& bus, storage::Redis& cache, const Clock& clock)
    : impl_(std::make_unique<Impl>(bus, cache, clock)) {}
Notifier::~Notifier() = default;

void Notifier::send(const Tenant& tenant, const std::vector<Frame>& frames) {
  if (frames.empty()) return;
  if (impl_->is_paused()) return impl_->lost.add(static_cast<double>(frames.size()));
  std::vector<storage::RedisCommand> commands;
  commands.reserve(frames.size());
  for (const auto& frame : frames) commands.push_back(numbering(tenant, frame.player));
  const auto numbers = impl_->cache.pipeline(commands, Deadline::after(kCacheTimeout));
  if (!numbers) {
    impl_->lost.add(static_cast<double>(frames.size()));
    return impl_->pause(numbers.error().text);
  }
  const auto now = impl_->clock.now();
  for (std::size_t i = 0; i < frames.size() && i < numbers->size(); ++i) {
    const auto& number = (*numbers)[i];
    const bool counted = number.kind == storage::RedisReply::Kind::integer;
    if (counted && number.integer == 0) continue;  // no socket is open
    const bool published =
        counted && impl_->bus.publish(notify_subject(frames[i].player), frame_text(frames[i], number.integer, now));
    (published ? impl_->sent : impl_->lost).add();
  }
}

}  // namespace mm::bus
