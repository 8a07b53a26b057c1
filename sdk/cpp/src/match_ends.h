// Which ends of matches the game has been told, so that each is told once: they come as events, and again in the list
// of recent matches of every `welcome` and active state.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <utility>

namespace matchmaker {

/// A set of texts that forgets the oldest beyond a limit. The service names at most 20 matches of ten minutes.
class RecentTexts {
 public:
  /// False: it was there before.
  bool add(const std::string& text) {
    if (!texts_.insert(text).second) return false;
    order_.push_back(text);
    if (order_.size() > kMost) {
      texts_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  bool has(const std::string& text) const { return texts_.count(text) != 0; }

 private:
  static constexpr std::size_t kMost = 512;
  std::set<std::string> texts_;
  std::deque<std::string> order_;
};

struct MatchEnds {
  RecentTexts known;      ///< matches that the game has heard of
  RecentTexts ended;      ///< completed or cancelled: told
  RecentTexts rated;      ///< rating_changed: told
  std::string logged_in;  ///< when, by the service's clock, as RFC 3339 to the second; empty: not known

  /// A match that had ended before this login is told only if the game has heard of it: an earlier run of the game was
  /// told already.
  bool concerns(const std::string& match_id, const std::string& ended_at) const {
    return known.has(match_id) || ended_at >= logged_in;
  }
};

}  // namespace matchmaker
