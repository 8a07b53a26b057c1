#include "common/bus/jetstream.h"

#include <optional>
#include <vector>

#include "common/contracts/canary.h"

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
  std::int64_t max_msg_size = limits::kMaxEventBytes;
  std::int64_t max_msgs_per_subject = -1;
  std::int64_t duplicate_window = 0;
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
  f("max_msg_size", m.max_msg_size);
  f("max_msgs_per_subject", m.max_msgs_per_subject);
  f("duplicate_window", m.duplicate_window);
  f("num_replicas", m.num_replicas);
}

struct ConsumerConfig {
  std::string durable_name;
  std::string deliver_policy;
  std::optional<TimePoint> opt_start_time;
  std::optional<std::uint64_t> opt_start_seq;
  std::string ack_policy = "explicit";
  std::int64_t ack_wait = 0;
  std::string replay_policy = "instant";
  std::int64_t max_deliver = -1;
  std::int64_t max_ack_pending = 0;
  std::optional<std::string> filter_subject;
};
template <class F>
void describe(F& f, ConsumerConfig& m) {
  f("durable_name", m.durable_name);
  f("deliver_policy", m.deliver_policy);
  f("opt_start_time", m.opt_start_time);
  f("opt_start_seq", m.opt_start_seq);
  f("ack_policy", m.ack_policy);
  f("ack_wait", m.ack_wait);
  f("replay_policy", m.replay_policy);
  f("max_deliver", m.max_deliver);
  f("max_ack_pending", m.max_ack_pending);
  f("filter_subject", m.filter_subject);
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

struct Place {
  std::uint64_t stream_seq = 0;
};
template <class F>
void describe(F& f, Place& m) {
  f("stream_seq", m.stream_seq, fields::Optional{});
}

// The settings of a consumer that are compared with the wanted ones.
struct KnownConfig {
  std::string filter_subject;
  std::int64_t ack_wait = 0;
  std::int64_t max_ack_pending = 0;
};
template <class F>
void describe(F& f, KnownConfig& m) {
  using fields::Optional;
  f("filter_subject", m.filter_subject, Optional{});
  f("ack_wait", m.ack_wait, Optional{});
  f("max_ack_pending", m.max_ack_pending, Optional{});
}

// One struct for all answers. Fields that a call does not return stay empty.
struct ApiAnswer {
  std::optional<ErrorAnswer> error;
  StreamState state;
  std::uint64_t num_pending = 0;
  Place delivered;
  Place ack_floor;
  KnownConfig config;
  std::optional<std::vector<std::string>> consumers;
};
template <class F>
void describe(F& f, ApiAnswer& m) {
  using fields::Optional;
  f("error", m.error);
  f("state", m.state, Optional{});
  f("num_pending", m.num_pending, Optional{});
  f("delivered", m.delivered, Optional{});
  f("ack_floor", m.ack_floor, Optional{});
  f("config", m.config, Optional{});
  f("consumers", m.consumers);
}

Result<ApiAnswer, ApiError> call(Bus::Impl& bus, const std::string& what, const std::string& body, Deadline deadline) {
  MsgPtr message;
  const auto status = bus.request("$JS.API." + what, body, {}, deadline, message);
  if (status != NATS_OK) return fail(ApiError{0, natsStatus_GetText(status)});
  auto answer = wire::decode<ApiAnswer>(body_of(message.get()), wire::Unknown::ignored, Bus::kTrusted);
  if (!answer) return fail(ApiError{0, "an answer of JetStream cannot be decoded"});
  if (answer->error) return fail(ApiError{answer->error->err_code, answer->error->description});
  return std::move(answer).value();
}

std::string path(const char* verb, Stream stream, std::string_view consumer = {}) {
  auto text = std::string(verb) + "." + std::string(stream.name);
  if (!consumer.empty()) text += "." + std::string(consumer);
  return text;
}

Result<Done, ApiError> done_or_error(const Result<ApiAnswer, ApiError>& answer) {
  if (!answer) return fail(answer.error());
  return Done{};
}

CreateConsumer creation_of(const ConsumerSettings& settings) {
  CreateConsumer create;
  create.stream_name = settings.stream.name;
  create.config.durable_name = settings.durable;
  create.config.ack_wait = nanoseconds(settings.ack_wait);
  create.config.max_ack_pending = settings.max_ack_pending;
  if (!settings.subject.empty()) create.config.filter_subject = settings.subject;
  return create;
}

Result<Done, ApiError> make(Bus::Impl& bus, const ConsumerSettings& settings, const CreateConsumer& create,
                            Deadline deadline) {
  return done_or_error(
      call(bus, path("CONSUMER.DURABLE.CREATE", settings.stream, settings.durable), wire::encode(create), deadline));
}

Result<Done, ApiError> ensure(Bus::Impl& bus, Stream stream, StreamConfig config, Deadline deadline) {
  config.name = stream.name;
  config.subjects = {std::string(stream.subjects)};
  const auto body = wire::encode(config);
  auto answer = call(bus, path("STREAM.CREATE", stream), body, deadline);
  // Creating an identical stream again is not an error. A stream with the same name and other settings is updated.
  if (!answer && answer.error().code == kStreamNameInUse) {
    answer = call(bus, path("STREAM.UPDATE", stream), body, deadline);
  }
  return done_or_error(answer);
}

}  // namespace

Result<Done, ApiError> ensure_stream(Bus::Impl& bus, Stream stream, Milliseconds duplicate_window, Deadline deadline) {
  StreamConfig config;
  config.duplicate_window = nanoseconds(duplicate_window);
  return ensure(bus, stream, std::move(config), deadline);
}

Result<Done, ApiError> ensure_canary(Bus::Impl& bus, Deadline deadline) {
  StreamConfig config;
  config.max_bytes = 1 << 20;
  config.max_msg_size = 1'024;
  config.max_msgs_per_subject = 1;
  config.duplicate_window = nanoseconds(Milliseconds{1'000});
  return ensure(bus, canary::kStream, std::move(config), deadline);
}

Result<std::uint64_t, ApiError> last_sequence(Bus::Impl& bus, Stream stream, Deadline deadline) {
  auto answer = call(bus, path("STREAM.INFO", stream), {}, deadline);
  if (!answer) return fail(answer.error());
  return answer->state.last_seq;
}

bool ConsumerState::has(const ConsumerSettings& settings) const {
  return subject == settings.subject && ack_wait_ns == nanoseconds(settings.ack_wait) &&
         max_ack_pending == settings.max_ack_pending;
}

Result<std::vector<std::string>, ApiError> consumer_names(Bus::Impl& bus, Stream stream, Deadline deadline) {
  auto answer = call(bus, path("CONSUMER.NAMES", stream), {}, deadline);
  if (!answer) return fail(answer.error());
  return std::move(answer->consumers).value_or(std::vector<std::string>{});
}

Result<ConsumerState, ApiError> find_consumer(Bus::Impl& bus, Stream stream, const std::string& durable,
                                              Deadline deadline) {
  auto answer = call(bus, path("CONSUMER.INFO", stream, durable), {}, deadline);
  if (!answer) return fail(answer.error());
  return ConsumerState{answer->num_pending,          answer->delivered.stream_seq,
                       answer->ack_floor.stream_seq, std::move(answer->config.filter_subject),
                       answer->config.ack_wait,      answer->config.max_ack_pending};
}

Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerSettings& settings, TimePoint from,
                                     Deadline deadline) {
  auto create = creation_of(settings);
  create.config.deliver_policy = "by_start_time";
  create.config.opt_start_time = from;
  return make(bus, settings, create, deadline);
}

Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerSettings& settings, std::uint64_t from,
                                     Deadline deadline) {
  auto create = creation_of(settings);
  create.config.deliver_policy = "by_start_sequence";
  create.config.opt_start_seq = from;
  return make(bus, settings, create, deadline);
}

Result<Done, ApiError> remove_consumer(Bus::Impl& bus, Stream stream, const std::string& durable, Deadline deadline) {
  return done_or_error(call(bus, path("CONSUMER.DELETE", stream, durable), {}, deadline));
}

}  // namespace mm::bus::jetstream
