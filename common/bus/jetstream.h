// The few calls of JetStream's JSON API that we use, as plain requests: streams of the contract, and pull consumers.
// Internal to this folder.
#pragma once

#include <cstdint>
#include <string>

#include "common/bus/bus_impl.h"

namespace mm::bus::jetstream {

/// Why a call failed. `code` is JetStream's error code, 0 when there was no answer.
struct ApiError {
  int code = 0;
  std::string text;
};
inline constexpr int kStreamNotFound = 10059;
inline constexpr int kConsumerNotFound = 10014;

Result<Done, ApiError> ensure_stream(Bus::Impl& bus, Stream stream, Deadline deadline);

struct ConsumerState {
  std::uint64_t pending = 0;        ///< events of the stream not yet delivered to it
  std::uint64_t unacknowledged = 0;
};

struct ConsumerWish {
  Stream stream;
  std::string durable;
  TimePoint start_at;
  Milliseconds ack_wait;
  Milliseconds inactive_threshold;
  std::int64_t max_ack_pending;
};

Result<ConsumerState, ApiError> find_consumer(Bus::Impl& bus, Stream stream, const std::string& durable,
                                              Deadline deadline);
/// The consumer of that name, made if it is not there.
Result<ConsumerState, ApiError> ensure_consumer(Bus::Impl& bus, const ConsumerWish& wish, Deadline deadline);
/// Sequence of the newest event in the stream.
Result<std::uint64_t, ApiError> last_sequence(Bus::Impl& bus, Stream stream, Deadline deadline);
/// Best effort: what is not removed goes by its inactive threshold.
void remove_consumer(Bus::Impl& bus, Stream stream, const std::string& durable, Deadline deadline);

}  // namespace mm::bus::jetstream
