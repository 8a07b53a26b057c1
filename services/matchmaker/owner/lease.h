// Decides who owns a partition, as one instance observes it over its polls. A state machine without I/O: the tick loop
// reads and writes, this class decides.
//
// A lease is alive as long as its beat changes. If the beat stands still over kOwnerTimeout of successful polls,
// another instance takes the lease over by compare-and-set, which only one of several standbys can win. Time without
// successful polls does not count, because then the owner could not write its beat either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/id.h"

namespace mm::matchmaker {

inline constexpr Milliseconds kOwnerTimeout{1'000};

/// The identifier part of a token, new at each attempt. It contains the address at which the holder can be reached.
inline std::string lease_identifier(Uuid address, std::uint64_t attempt) {
  return address.to_string() + '-' + std::to_string(attempt);
}
/// The address in a token `epoch:identifier`. Nothing if the token is empty or its identifier contains no address.
inline std::optional<Uuid> address_in(std::string_view token) {
  constexpr std::size_t kUuidLength = 36;
  const auto identifier = token.substr(token.find(':') + 1);
  if (identifier.size() <= kUuidLength || identifier[kUuidLength] != '-') return std::nullopt;
  return Uuid::parse(identifier.substr(0, kUuidLength));
}

class Lease {
 public:
  bool mine() const { return !token_.empty(); }
  /// Empty if this instance does not hold the lease.
  const std::string& token() const { return token_; }

  /// Records a poll's result: `token` holds the lease, with `beat` (both empty: no owner). A token that ends with the
  /// identifier of our last attempt is ours: the reply to that attempt was lost.
  void seen(const std::string& token, const std::string& beat, SteadyPoint at) {
    if (!attempt_.empty() && token.ends_with(':' + attempt_)) {
      token_ = token;
      return;
    }
    token_.clear();
    const bool still = token == seen_token_ && beat == seen_beat_ && polled_at_.has_value();
    stood_still_ = still ? stood_still_ + std::min(std::chrono::duration_cast<Milliseconds>(at - *polled_at_), kMaxStep)
                         : Milliseconds{0};
    seen_token_ = token;
    seen_beat_ = beat;
    polled_at_ = at;
  }

  /// Records that a poll failed: the time since the last successful poll does not count.
  void missed() { polled_at_.reset(); }

  /// Records that an attempt succeeded.
  void acquired(const std::string& token) { token_ = token; }
  void released() {
    token_.clear();
    attempt_.clear();
    polled_at_.reset();
    stood_still_ = Milliseconds{0};
  }

  /// Whether the lease may be acquired: it has no owner, or its owner's beat has stood still for kOwnerTimeout.
  bool may_acquire() const {
    return !mine() && polled_at_.has_value() && (seen_token_.empty() || stood_still_ >= kOwnerTimeout);
  }
  const std::string& seen_token() const { return seen_token_; }
  const std::string& seen_beat() const { return seen_beat_; }
  void attempt(const std::string& fresh) { attempt_ = fresh; }

 private:
  /// Limit of what one pause counts: a pause of this process is no proof that the owner stood still.
  static constexpr Milliseconds kMaxStep{250};

  std::string token_;
  std::string attempt_;
  std::string seen_token_;
  std::string seen_beat_;
  std::optional<SteadyPoint> polled_at_;
  Milliseconds stood_still_{0};
};

}  // namespace mm::matchmaker
