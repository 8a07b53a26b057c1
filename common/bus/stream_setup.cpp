#include "common/bus/stream_setup.h"

#include <algorithm>
#include <vector>

#include "common/bus/jetstream.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

constexpr std::int64_t kMaxAckPending = 1'000;

jetstream::ConsumerWish wish_of(const rights::StreamConsumer& consumer, std::string name) {
  jetstream::ConsumerWish wish;
  wish.stream = consumer.stream;
  wish.durable = std::move(name);
  wish.subject = consumer.subject == consumer.stream.subjects ? "" : consumer.subject;
  wish.ack_wait = consumer.ack_wait;
  wish.max_ack_pending = kMaxAckPending;
  return wish;
}

std::vector<jetstream::ConsumerWish> wishes_for(Stream stream, std::span<const rights::StreamConsumer> consumers) {
  std::vector<jetstream::ConsumerWish> wishes;
  for (const auto& consumer : consumers) {
    if (consumer.stream.name != stream.name) continue;
    if (consumer.instances == 0) wishes.push_back(wish_of(consumer, std::string(consumer.name)));
    for (int i = 1; i <= consumer.instances; ++i) {
      wishes.push_back(wish_of(consumer, rights::instance_consumer(consumer.name, i)));
    }
  }
  return wishes;
}

class Setup {
 public:
  Setup(Bus& bus, Stream stream, std::span<const rights::StreamConsumer> consumers, Deadline deadline)
      : bus_(bus.impl()), stream_(stream), consumers_(consumers), deadline_(deadline) {}

  Result<Done, jetstream::ApiError> run() {
    if (auto made = jetstream::ensure_stream(bus_, stream_, kDuplicateWindow, deadline_); !made) return made;
    const auto wishes = wishes_for(stream_, consumers_);
    if (auto removed = remove_outdated(wishes); !removed) return removed;
    const auto last = jetstream::last_sequence(bus_, stream_, deadline_);
    if (!last) return fail(last.error());
    for (const auto& wish : wishes) {
      if (auto done = keep_or_make(wish, *last); !done) return done;
    }
    return Done{};
  }

 private:
  Result<Done, jetstream::ApiError> remove_outdated(const std::vector<jetstream::ConsumerWish>& wishes) {
    const auto names = jetstream::consumer_names(bus_, stream_, deadline_);
    if (!names) return fail(names.error());
    for (const auto& name : *names) {
      const auto is_it = [&](const auto& wish) { return wish.durable == name; };
      const auto was_it = [&](const auto& consumer) {
        return consumer.stream.name == stream_.name && name.starts_with(std::string(consumer.name) + "-");
      };
      if (std::ranges::any_of(wishes, is_it) || std::ranges::none_of(consumers_, was_it)) continue;
      if (auto removed = jetstream::remove_consumer(bus_, stream_, name, deadline_); !removed) return removed;
      log::info("consumer_removed", {{"stream", stream_.name}, {"consumer", name}});
    }
    return Done{};
  }

  Result<Done, jetstream::ApiError> keep_or_make(const jetstream::ConsumerWish& wish, std::uint64_t last) {
    const auto found = jetstream::find_consumer(bus_, stream_, wish.durable, deadline_);
    if (!found && found.error().code != jetstream::kConsumerNotFound) return fail(found.error());
    const char* reason = !found ? "missing" : found->delivered > last ? "beyond_the_stream" : "other_settings";
    if (found && found->delivered <= last && found->fits(wish)) return Done{};
    if (found) {
      if (auto removed = jetstream::remove_consumer(bus_, stream_, wish.durable, deadline_); !removed) return removed;
    }
    const bool keeps_place = found && found->delivered <= last;
    const auto made = keeps_place
                          ? jetstream::make_consumer(bus_, wish, found->acknowledged + 1, deadline_)
                          : jetstream::make_consumer(bus_, wish, SystemClock{}.now() - kLookBack, deadline_);
    if (!made) return made;
    log::info("consumer_made", {{"stream", stream_.name}, {"consumer", wish.durable}, {"reason", reason}});
    return Done{};
  }

  Bus::Impl& bus_;
  const Stream stream_;
  const std::span<const rights::StreamConsumer> consumers_;
  const Deadline deadline_;
};

}  // namespace

Result<Done, std::string> set_up_streams(Bus& bus, std::span<const rights::StreamConsumer> consumers, Deadline deadline) {
  for (const auto& stream : streams::kAll) {
    const auto done = Setup(bus, stream, consumers, deadline).run();
    if (!done) return fail("stream " + std::string(stream.name) + ": " + done.error().text);
  }
  return Done{};
}

}  // namespace mm::bus
