// Who owns a partition, as one instance sees it over its looks. A value machine without I/O: the ticker reads and
// writes, this decides.
//
// A lease lives as long as its beat changes. An owner that stood still for kLeaseGone of successful looks is taken
// over by compare-and-set, which only one of several standbys can win. Time in which nobody could look does not
// count: then the owner could not beat either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/id.h"

namespace mm::matchmaker {

inline constexpr Milliseconds kLeaseGone{1'000};

/// An identifier for a token, new at each attempt: it tells at which address its holder can be reached.
inline std::string lease_identifier(Uuid address, std::uint64_t attempt) {
  return address.to_string() + '-' + std::to_string(attempt);
}
/// The address in a token `epoch:identifier`; nothing where nobody holds it, or somebody who gives none.
inline std::optional<Uuid> address_in(std::string_view token) {
  constexpr std::size_t kUuidLength = 36;
  const auto identifier = token.substr(token.find(':') + 1);
  if (identifier.size() <= kUuidLength || identifier[kUuidLength] != '-') return std::nullopt;
  return Uuid::parse(identifier.substr(0, kUuidLength));
}

class Lease {
 public:
  bool mine() const { return !token_.empty(); }
  /// Empty when not ours.
  const std::string& token() const { return token_; }

  /// A look found that `token` holds the lease with `beat` (both empty: nobody does). `fresh_tail`: the identifier of
  /// our last attempt, whose answer may have been lost; a token that carries it is ours.
  void seen(const std::string& token, const std::string& beat, SteadyPoint at) {
    if (!attempt_.empty() && token.ends_with(':' + attempt_)) {
      token_ = token;
      return;
    }
    token_.clear();
    const bool still = token == seen_token_ && beat == seen_beat_ && looked_at_.has_value();
    stood_still_ = still ? stood_still_ + std::min(std::chrono::duration_cast<Milliseconds>(at - *looked_at_), kLongestStep)
                         : Milliseconds{0};
    seen_token_ = token;
    seen_beat_ = beat;
    looked_at_ = at;
  }

  /// A look failed: the time since the last one does not count.
  void missed() { looked_at_.reset(); }

  /// Ours, by an answer.
  void taken(const std::string& token) { token_ = token; }
  void given_up() {
    token_.clear();
    attempt_.clear();
    looked_at_.reset();
    stood_still_ = Milliseconds{0};
  }

  /// Nobody holds it, or its owner is gone.
  bool may_take() const {
    return !mine() && looked_at_.has_value() && (seen_token_.empty() || stood_still_ >= kLeaseGone);
  }
  const std::string& seen_token() const { return seen_token_; }
  const std::string& seen_beat() const { return seen_beat_; }
  void attempt(const std::string& fresh) { attempt_ = fresh; }

 private:
  /// A pause of ours between two looks is no proof that the owner stood still.
  static constexpr Milliseconds kLongestStep{250};

  std::string token_;
  std::string attempt_;
  std::string seen_token_;
  std::string seen_beat_;
  std::optional<SteadyPoint> looked_at_;
  Milliseconds stood_still_{0};
};

}  // namespace mm::matchmaker
