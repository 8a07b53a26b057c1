// The calls of JetStream's JSON API that this folder needs, made as plain requests: streams of the contract and pull
// consumers. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/bus/bus_impl.h"

namespace mm::bus::jetstream {

/// A failed call. `code` is JetStream's error code, or 0 if there was no answer.
struct ApiError {
  int code = 0;
  std::string text;
};
inline constexpr int kStreamNotFound = 10059;
inline constexpr int kConsumerNotFound = 10014;
inline bool is_missing(const ApiError& error) {
  return error.code == kConsumerNotFound || error.code == kStreamNotFound;
}

/// Creates the stream CANARY, or updates its settings if it exists. It keeps one small message per subject.
Result<Done, ApiError> ensure_canary(Bus::Impl& bus, Deadline deadline);
/// Creates the stream, or updates its settings if it exists.
Result<Done, ApiError> ensure_stream(Bus::Impl& bus, Stream stream, Milliseconds duplicate_window, Deadline deadline);
/// Sequence of the newest event in the stream.
Result<std::uint64_t, ApiError> last_sequence(Bus::Impl& bus, Stream stream, Deadline deadline);

struct ConsumerSettings {
  Stream stream;
  std::string durable;
  std::string subject;  ///< subject filter; empty: all subjects of the stream
  Milliseconds ack_wait{};
  std::int64_t max_ack_pending = 0;
};

struct ConsumerState {
  std::uint64_t pending = 0;       ///< events of the stream that were not delivered to it yet
  std::uint64_t delivered = 0;     ///< stream sequence of the newest event that was delivered to it
  std::uint64_t acknowledged = 0;  ///< stream sequence up to which all events are acknowledged
  std::string subject;
  std::int64_t ack_wait_ns = 0;
  std::int64_t max_ack_pending = 0;

  bool has(const ConsumerSettings& settings) const;
};

/// Names of the stream's consumers. At most 1,024 are returned, which is far more than exist.
Result<std::vector<std::string>, ApiError> consumer_names(Bus::Impl& bus, Stream stream, Deadline deadline);
Result<ConsumerState, ApiError> find_consumer(Bus::Impl& bus, Stream stream, const std::string& durable,
                                              Deadline deadline);
/// Creates a durable pull consumer that is kept while nobody uses it. It starts at a time or at a sequence.
Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerSettings& settings, TimePoint from,
                                     Deadline deadline);
Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerSettings& settings, std::uint64_t from,
                                     Deadline deadline);
Result<Done, ApiError> remove_consumer(Bus::Impl& bus, Stream stream, const std::string& durable, Deadline deadline);

}  // namespace mm::bus::jetstream
