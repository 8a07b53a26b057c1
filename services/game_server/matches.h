// The matches that this process hosts. Not thread-safe.
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
  /// The number of ended matches that are remembered, so that a delayed hand-over of one is refused.
  static constexpr std::size_t kMaxEndedIds = 4096;

  /// `ended` is called once for each match that has ended.
  Matches(asio::io_context& io, GatewayClient& gateway, Seconds length, std::function<void(MatchId)> ended);

  /// Idempotent by match_id. None: the match is hosted; else the reason for the refusal.
  std::optional<std::string> host(HandOver match);
  /// Ends the match without a result. A match that is not hosted yet will be refused.
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
