// Records which ends of matches were delivered to the game, so that each end is delivered once. The service sends an
// end as an event, and again in the recent matches of every `welcome` frame and active state.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <utility>

namespace matchmaker {

/// A set of at most 512 texts, which removes the oldest. The service sends at most 20 recent matches, of ten minutes.
class RecentTexts {
 public:
  /// Returns false if the text was already in the set.
  bool add(const std::string& text) {
    if (!texts_.insert(text).second) return false;
    order_.push_back(text);
    if (order_.size() > kMaxTexts) {
      texts_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  bool has(const std::string& text) const { return texts_.count(text) != 0; }

 private:
  static constexpr std::size_t kMaxTexts = 512;
  std::set<std::string> texts_;
  std::deque<std::string> order_;
};

struct MatchEnds {
  RecentTexts known;      ///< matches that an event or a state named to this client
  RecentTexts ended;      ///< matches whose completion or cancellation was delivered
  RecentTexts rated;      ///< matches whose rating change was delivered
  std::string logged_in;  ///< time of the login by the clock of the service, RFC 3339 in seconds; empty: unknown

  /// Whether to deliver the end of a match. A match that had ended before this login is delivered only if it was named
  /// to this client, because its end was already delivered to an earlier run of the game.
  bool concerns(const std::string& match_id, const std::string& ended_at) const {
    return known.has(match_id) || ended_at >= logged_in;
  }
};

}  // namespace matchmaker
