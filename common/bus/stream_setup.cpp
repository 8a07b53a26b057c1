#include "common/bus/stream_setup.h"

#include <algorithm>
#include <vector>

#include "common/bus/jetstream.h"
#include "common/contracts/canary.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

constexpr std::int64_t kMaxAckPending = 1'000;

jetstream::ConsumerSettings settings_of(const rights::StreamConsumer& consumer, std::string name) {
  jetstream::ConsumerSettings settings;
  settings.stream = consumer.stream;
  settings.durable = std::move(name);
  settings.subject = consumer.subject == consumer.stream.subjects ? "" : consumer.subject;
  settings.ack_wait = consumer.ack_wait;
  settings.max_ack_pending = kMaxAckPending;
  return settings;
}

std::vector<jetstream::ConsumerSettings> settings_for(Stream stream,
                                                      std::span<const rights::StreamConsumer> consumers) {
  std::vector<jetstream::ConsumerSettings> wanted;
  for (const auto& consumer : consumers) {
    if (consumer.stream.name != stream.name) continue;
    if (consumer.instances == 0) wanted.push_back(settings_of(consumer, std::string(consumer.name)));
    for (int i = 1; i <= consumer.instances; ++i) {
      wanted.push_back(settings_of(consumer, rights::instance_consumer(consumer.name, i)));
    }
  }
  return wanted;
}

class Setup {
 public:
  Setup(Bus& bus, Stream stream, std::span<const rights::StreamConsumer> consumers, Deadline deadline)
      : bus_(bus.impl()), stream_(stream), consumers_(consumers), deadline_(deadline) {}

  Result<Done, jetstream::ApiError> run() {
    if (auto made = jetstream::ensure_stream(bus_, stream_, kDuplicateWindow, deadline_); !made) return made;
    const auto wanted = settings_for(stream_, consumers_);
    if (auto removed = remove_outdated(wanted); !removed) return removed;
    const auto last = jetstream::last_sequence(bus_, stream_, deadline_);
    if (!last) return fail(last.error());
    for (const auto& settings : wanted) {
      if (auto done = keep_or_make(settings, *last); !done) return done;
    }
    return Done{};
  }

 private:
  Result<Done, jetstream::ApiError> remove_outdated(const std::vector<jetstream::ConsumerSettings>& wanted) {
    const auto names = jetstream::consumer_names(bus_, stream_, deadline_);
    if (!names) return fail(names.error());
    for (const auto& name : *names) {
      const auto is_it = [&](const auto& settings) { return settings.durable == name; };
      const auto was_it = [&](const auto& consumer) {
        return consumer.stream.name == stream_.name && name.starts_with(std::string(consumer.name) + "-");
      };
      if (std::ranges::any_of(wanted, is_it) || std::ranges::none_of(consumers_, was_it)) continue;
      if (auto removed = jetstream::remove_consumer(bus_, stream_, name, deadline_); !removed) return removed;
      log::info("consumer_removed", {{"stream", stream_.name}, {"consumer", name}});
    }
    return Done{};
  }

  Result<Done, jetstream::ApiError> keep_or_make(const jetstream::ConsumerSettings& settings, std::uint64_t last) {
    const auto found = jetstream::find_consumer(bus_, stream_, settings.durable, deadline_);
    if (!found && found.error().code != jetstream::kConsumerNotFound) return fail(found.error());
    const char* reason = !found ? "missing" : found->delivered > last ? "beyond_the_stream" : "other_settings";
    if (found && found->delivered <= last && found->has(settings)) return Done{};
    if (found) {
      if (auto removed = jetstream::remove_consumer(bus_, stream_, settings.durable, deadline_); !removed)
        return removed;
    }
    const bool keeps_place = found && found->delivered <= last;
    const auto made = keeps_place
                          ? jetstream::make_consumer(bus_, settings, found->acknowledged + 1, deadline_)
                          : jetstream::make_consumer(bus_, settings, SystemClock{}.now() - kLookBack, deadline_);
    if (!made) return made;
    log::info("consumer_made", {{"stream", stream_.name}, {"consumer", settings.durable}, {"reason", reason}});
    return Done{};
  }

  Bus::Impl& bus_;
  const Stream stream_;
  const std::span<const rights::StreamConsumer> consumers_;
  const Deadline deadline_;
};

}  // namespace

Result<Done, std::string> set_up_streams(Bus& bus, std::span<const rights::StreamConsumer> consumers,
                                         Deadline deadline) {
  if (const auto made = jetstream::ensure_canary(bus.impl(), deadline); !made) {
    return fail("stream " + std::string(canary::kStream.name) + ": " + made.error().text);
  }
  for (const auto& stream : streams::kAll) {
    const auto done = Setup(bus, stream, consumers, deadline).run();
    if (!done) return fail("stream " + std::string(stream.name) + ": " + done.error().text);
  }
  return Done{};
}

}  // namespace mm::bus
