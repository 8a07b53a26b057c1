#include "common/bus/notifier.h"

#include <atomic>

#include "common/bus/bus_impl.h"
#include "common/bus/notify_script.h"
#include "common/contracts/frames.h"
#include "common/contracts/subjects.h"
#include "common/runtime/log.h"
#include "common/wire/time_text.h"

namespace mm::bus {
namespace {

constexpr Milliseconds kCacheTimeout{200};
// After a failure of the cache, frames are dropped for this time, so that notifications do not slow down the callers.
constexpr Milliseconds kCoolDown{1'000};
// Gateways write the presence of 10,000 players again within two seconds after the cache has returned.
constexpr const char* kUncertainSeconds = "30";

/// The text of a frame around its number.
struct Parts {
  std::string head;
  std::string tail;
};

Parts parts_of(const Notifier::Frame& frame, TimePoint now) {
  return {R"({"event":")" + std::string(frame.event) + R"(","seq":)",
          R"(,"data":)" + frame.data + R"(,"timestamp":")" + wire::format_time(now) + R"("})"};
}

storage::RedisCommand storing(const Tenant& tenant, PlayerId player, const Parts& frame) {
  const auto prefix = "mm:{" + tenant.str() + "}:";
  const auto id = player.to_string();
  return {.arguments = {frame.head, frame.tail, std::to_string(kFrameLogTime.count()), kUncertainSeconds,
                        prefix + "presence:" + id, prefix + "frames:" + id},
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
        stored(b.impl().registry.counter("mm_notify_frames_stored_total",
                                         "Frames stored for players whose last socket was closed recently")),
        lost(b.impl().registry.counter("mm_notify_frames_lost_total",
                                       "Frames not sent because cache or bus was down")) {}

  Bus& bus;
  storage::Redis& cache;
  const Clock& clock;
  metrics::Counter sent;
  metrics::Counter stored;
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
  const auto now = impl_->clock.now();
  std::vector<Parts> parts;
  std::vector<storage::RedisCommand> commands;
  parts.reserve(frames.size());
  commands.reserve(frames.size());
  for (const auto& frame : frames) {
    parts.push_back(parts_of(frame, now));
    commands.push_back(storing(tenant, frame.player, parts.back()));
  }
  const auto numbers = impl_->cache.pipeline(commands, Deadline::after(kCacheTimeout));
  if (!numbers) {
    impl_->lost.add(static_cast<double>(frames.size()));
    return impl_->pause(numbers.error().text);
  }
  for (std::size_t i = 0; i < frames.size() && i < numbers->size(); ++i) {
    const auto& number = (*numbers)[i];
    const bool numbered = number.kind == storage::RedisReply::Kind::integer;
    if (numbered && number.integer == 0) continue;  // no socket was open recently
    if (numbered && number.integer < 0) {
      impl_->stored.add();
      continue;
    }
    const bool published =
        numbered && impl_->bus.publish(notify_subject(frames[i].player),
                                       parts[i].head + std::to_string(number.integer) + parts[i].tail);
    (published ? impl_->sent : impl_->lost).add();
  }
}

}  // namespace mm::bus
