// The few calls of JetStream's JSON API that we use, as plain requests: streams of the contract, and pull consumers.
// Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/bus/bus_impl.h"

namespace mm::bus::jetstream {

/// Why a call failed. `code` is JetStream's error code, 0 when there was no answer.
struct ApiError {
  int code = 0;
  std::string text;
};
inline constexpr int kStreamNotFound = 10059;
inline constexpr int kConsumerNotFound = 10014;
inline bool is_missing(const ApiError& error) { return error.code == kConsumerNotFound || error.code == kStreamNotFound; }

/// Made, or given our settings if it is there.
Result<Done, ApiError> ensure_stream(Bus::Impl& bus, Stream stream, Milliseconds duplicate_window, Deadline deadline);
/// Sequence of the newest event in the stream.
Result<std::uint64_t, ApiError> last_sequence(Bus::Impl& bus, Stream stream, Deadline deadline);

struct ConsumerWish {
  Stream stream;
  std::string durable;
  std::string subject;  ///< empty: all of the stream
  Milliseconds ack_wait{};
  std::int64_t max_ack_pending = 0;
};

struct ConsumerState {
  std::uint64_t pending = 0;       ///< events of the stream not yet delivered to it
  std::uint64_t delivered = 0;     ///< stream sequence of the newest event it was given
  std::uint64_t acknowledged = 0;  ///< stream sequence up to which all is acknowledged
  std::string subject;
  std::int64_t ack_wait_ns = 0;
  std::int64_t max_ack_pending = 0;

  bool fits(const ConsumerWish& wish) const;
};

/// The first 1,024 of them: far more than there ever are.
Result<std::vector<std::string>, ApiError> consumer_names(Bus::Impl& bus, Stream stream, Deadline deadline);
Result<ConsumerState, ApiError> find_consumer(Bus::Impl& bus, Stream stream, const std::string& durable,
                                              Deadline deadline);
/// A pull consumer that is kept however long nobody asks it. It begins at a time, or at a sequence.
Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerWish& wish, TimePoint from, Deadline deadline);
Result<Done, ApiError> make_consumer(Bus::Impl& bus, const ConsumerWish& wish, std::uint64_t from, Deadline deadline);
Result<Done, ApiError> remove_consumer(Bus::Impl& bus, Stream stream, const std::string& durable, Deadline deadline);

}  // namespace mm::bus::jetstream
