#include "common/bus/jetstream.h"

#include <vector>

namespace mm::bus::jetstream {
namespace {

constexpr std::int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr int kStreamNameInUse = 10058;

std::int64_t nanoseconds(std::chrono::milliseconds time) { return time.count() * kNanosecondsPerMillisecond; }

struct StreamConfig {
  std::string name;
  std::vector<std::string> subjects;
  std::string retention = "limits";
  std::string storage = "file";
  std::string discard = "old";
  std::int64_t max_age = nanoseconds(std::chrono::hours(24));
  std::int64_t max_bytes = 1LL << 30;
  std::int64_t duplicate_window = nanoseconds(std::chrono::minutes(2));
  int num_replicas = 1;
};
template <class F>
void describe(F& f, StreamConfig& m) {
  f("name", m.name);
  f("subjects", m.subjects);
  f("retention", m.retention);
  f("storage", m.storage);
  f("discard", m.discard);
  f("max_age", m.max_age);
  f("max_bytes", m.max_bytes);
  f("duplicate_window", m.duplicate_window);
  f("num_replicas", m.num_replicas);
}

struct ConsumerConfig {
  std::string durable_name;
  std::string deliver_policy = "by_start_time";
  TimePoint opt_start_time;
  std::string ack_policy = "explicit";
  std::int64_t ack_wait = 0;
  std::string replay_policy = "instant";
  std::int64_t max_deliver = -1;
  std::int64_t max_ack_pending = 0;
  std::int64_t inactive_threshold = 0;
};
template <class F>
void describe(F& f, ConsumerConfig& m) {
  f("durable_name", m.durable_name);
  f("deliver_policy", m.deliver_policy);
  f("opt_start_time", m.opt_start_time);
  f("ack_policy", m.ack_policy);
  f("ack_wait", m.ack_wait);
  f("replay_policy", m.replay_policy);
  f("max_deliver", m.max_deliver);
  f("max_ack_pending", m.max_ack_pending);
  f("inactive_threshold", m.inactive_threshold);
}

struct CreateConsumer {
  std::string stream_name;
  ConsumerConfig config;
};
template <class F>
void describe(F& f, CreateConsumer& m) {
  f("stream_name", m.stream_name);
  f("config", m.config);
}

struct ErrorAnswer {
  int code = 0;
  int err_code = 0;
  std::string description;
};
template <class F>
void describe(F& f, ErrorAnswer& m) {
  f("code", m.code, fields::Optional{});
  f("err_code", m.err_code, fields::Optional{});
  f("description", m.description, fields::Optional{});
}

struct StreamState {
  std::uint64_t last_seq = 0;
};
template <class F>
void describe(F& f, StreamState& m) {
  f("last_seq", m.last_seq, fields::Optional{});
}

// One shape for all answers: the fields that a call does not have stay empty.
struct ApiAnswer {
  std::optional<ErrorAnswer> error;
  StreamState state;
  std::uint64_t num_pending = 0;
  std::uint64_t num_ack_pending = 0;
};
template <class F>
void describe(F& f, ApiAnswer& m) {
  using fields::Optional;
  f("error", m.error);
  f("state", m.state, Optional{});
  f("num_pending", m.num_pending, Optional{});
  f("num_ack_pending", m.num_ack_pending, Optional{});
}

Result<ApiAnswer, ApiError> call(Bus::Impl& bus, const std::string& what, const std::string& body, Deadline deadline) {
  MsgPtr message;
  const auto status = bus.ask("$JS.API." + what, body, {}, deadline, message);
  if (status != NATS_OK) return fail(ApiError{0, natsStatus_GetText(status)});
  auto answer = wire::decode<ApiAnswer>(body_of(message.get()), wire::Unknown::ignored, Bus::kTrusted);
  if (!answer) return fail(ApiError{0, "an answer of JetStream is not readable"});
  if (answer->error) return fail(ApiError{answer->error->err_code, answer->error->description});
  return std::move(answer).value();
}

std::string path(const char* verb, Stream stream, std::string_view consumer = {}) {
  auto text = std::string(verb) + "." + std::string(stream.name);
  if (!consumer.empty()) text += "." + std::string(consumer);
  return text;
}

Result<ConsumerState, ApiError> state_of(const Result<ApiAnswer, ApiError>& answer) {
  if (!answer) return fail(answer.error());
  return ConsumerState{answer->num_pending, answer->num_ack_pending};
}

}  // namespace

Result<Done, ApiError> ensure_stream(Bus::Impl& bus, Stream stream, Deadline deadline) {
  StreamConfig config;
  config.name = stream.name;
  config.subjects = {std::string(stream.subjects)};
  const auto body = wire::encode(config);
  auto answer = call(bus, path("STREAM.CREATE", stream), body, deadline);
  // The same stream again is no error; another one of this name gets our settings.
  if (!answer && answer.error().code == kStreamNameInUse) {
    answer = call(bus, path("STREAM.UPDATE", stream), body, deadline);
  }
  if (!answer) return fail(answer.error());
  return Done{};
}

Result<ConsumerState, ApiError> find_consumer(Bus::Impl& bus, Stream stream, const std::string& durable,
                                              Deadline deadline) {
  return state_of(call(bus, path("CONSUMER.INFO", stream, durable), {}, deadline));
}

Result<ConsumerState, ApiError> ensure_consumer(Bus::Impl& bus, const ConsumerWish& wish, Deadline deadline) {
  // Look first: creating with another start time is refused for a consumer that exists.
  auto found = find_consumer(bus, wish.stream, wish.durable, deadline);
  if (found || found.error().code != kConsumerNotFound) return found;

  CreateConsumer create;
  create.stream_name = wish.stream.name;
  create.config.durable_name = wish.durable;
  create.config.opt_start_time = wish.start_at;
  create.config.ack_wait = nanoseconds(wish.ack_wait);
  create.config.max_ack_pending = wish.max_ack_pending;
  create.config.inactive_threshold = nanoseconds(wish.inactive_threshold);
  const auto answer = call(bus, path("CONSUMER.DURABLE.CREATE", wish.stream, wish.durable), wire::encode(create), deadline);
  if (answer || answer.error().code == 0) return state_of(answer);
  // Another instance may have been first.
  found = find_consumer(bus, wish.stream, wish.durable, deadline);
  return found ? found : state_of(answer);
}

Result<std::uint64_t, ApiError> last_sequence(Bus::Impl& bus, Stream stream, Deadline deadline) {
  auto answer = call(bus, path("STREAM.INFO", stream), {}, deadline);
  if (!answer) return fail(answer.error());
  return answer->state.last_seq;
}

void remove_consumer(Bus::Impl& bus, Stream stream, const std::string& durable, Deadline deadline) {
  (void)call(bus, path("CONSUMER.DELETE", stream, durable), {}, deadline);
}

}  // namespace mm::bus::jetstream
