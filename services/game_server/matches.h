// The matches this process hosts. One thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/game_server/hosted_match.h"

namespace mm::game {

class Matches {
 public:
  /// Ended matches that are remembered, so that a hand-over that comes after the end is refused.
  static constexpr std::size_t kMaxEndedIds = 4096;

  /// `ended`: called once for each match that is done with.
  Matches(asio::io_context& io, GatewayClient& gateway, Seconds length, std::function<void(MatchId)> ended);

  /// Idempotent by match_id. Empty: it is hosted; else why it is not.
  std::optional<std::string> host(HandOver match);
  /// Whatever it is doing; also a match that has not come yet.
  void end(MatchId match);

  std::shared_ptr<HostedMatch> find(MatchId match) const;
  std::vector<MatchId> hosted() const;
  bool empty() const { return matches_.empty(); }

 private:
  void remove(MatchId match);
  void remember_ended(MatchId match);

  Hosting hosting_;
  const std::function<void(MatchId)> ended_;
  std::map<MatchId, std::shared_ptr<HostedMatch>> matches_;
  std::set<MatchId> ended_ids_;
  std::deque<MatchId> oldest_first_;
};

}  // namespace mm::game
