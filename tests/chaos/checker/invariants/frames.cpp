// I29: frames arrive without gaps, and players hear of their matches.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kAnnouncedMs = 1'000;

/// Frames that answer a client or concern the socket only have no number of their own.
bool is_numbered(std::string_view type) {
  return type != "ack" && type != "pong" && type != "error" && type != "bye" && type != "welcome";
}

/// What a player has lost with the queue has no number.
bool tells_loss(std::string_view type, std::int64_t sequence) {
  return sequence == 0 && (type == "queue_left" || type == "party_disbanded");
}

/// What one client saw on its socket, in order of time.
using Sockets = std::map<std::tuple<Symbol, Symbol>, std::vector<const Call*>>;  // by writer and player

std::int64_t time_of(const Call& call) { return call.op == Op::connect ? call.end.us : call.begin.us; }

Sockets sockets_of(const Run& run) {
  Sockets sockets;
  for (const auto& call : run.calls) {
    const bool connected = call.op == Op::connect && call.ok();
    if (!connected && call.op != Op::frame && call.op != Op::disconnect) continue;
    sockets[{call.writer, call.player}].push_back(&call);
  }
  for (auto& [name, calls] : sockets) {
    std::stable_sort(calls.begin(), calls.end(),
                     [](const Call* a, const Call* b) { return time_of(*a) < time_of(*b); });
  }
  return sockets;
}

/// Follows the numbers of one player's frames. A welcome sets the number. After a connection that was resumed nothing
/// may be missing: its missed frames come first, then the welcome, whose number must be that of the last frame.
class FrameNumbers {
 public:
  FrameNumbers(const Run& run, Verdict& verdict) : run_(run), verdict_(verdict) {}

  void add(const Call& call) {
    const auto type = run_.symbols.text(call.type);
    if (call.op == Op::connect) return connected(call);
    if (call.op == Op::disconnect) missed_from_.reset();
    if (call.op != Op::frame || call.sequence < 0) return;
    if (type == "welcome") {
      missed_from_ = last_;
      last_ = call.sequence;
      before_ = &call;
    } else if (is_numbered(type) && !tells_loss(type, call.sequence)) {
      missed_from_.reset();
      follow(call, call.sequence - 1);
      last_ = call.sequence;
      before_ = &call;
    }
  }

 private:
  void connected(const Call& call) {
    if (call.resumed && call.sequence >= 0) {
      last_ = missed_from_.value_or(last_);
      follow(call, call.sequence);
    }
    missed_from_.reset();
    last_ = call.sequence;
    before_ = &call;
  }

  /// `expected`: the number of the last frame, if none is missing before this call.
  void follow(const Call& call, std::int64_t expected) {
    if (last_ < 0 || last_ == expected) return;
    verdict_.add(named(run_, "player", call.player) + " got frame " + std::to_string(call.sequence) + " after frame " +
                     std::to_string(last_) +
                     (call.op == Op::connect ? " in a resumed connection." : " without a welcome."),
                 {before_->last_line(), call.last_line()});
  }

  const Run& run_;
  Verdict& verdict_;
  std::int64_t last_ = -1;
  std::optional<std::int64_t> missed_from_;  ///< the last number before a welcome
  const Call* before_ = nullptr;
};

/// When a player had a socket, in wall milliseconds.
struct Connected {
  std::int64_t from = 0;
  std::int64_t to = kNever;
};

std::unordered_map<Symbol, std::vector<Connected>> connections_of(const Sockets& sockets) {
  std::unordered_map<Symbol, std::vector<Connected>> connections;
  for (const auto& [name, calls] : sockets) {
    auto& own = connections[std::get<1>(name)];
    for (const auto* call : calls) {
      if (call->op == Op::frame) continue;
      if (!own.empty() && own.back().to == kNever) own.back().to = call->begin.wall_ms;
      if (call->op == Op::connect) own.push_back({call->end.wall_ms, kNever});
    }
  }
  return connections;
}

using PlayerAndMatch = std::tuple<Symbol, Symbol>;

/// When each player first saw each match, in a frame or in an answer.
std::map<PlayerAndMatch, const Call*> first_sights(const Run& run) {
  std::map<PlayerAndMatch, const Call*> sights;
  for (const auto& call : run.calls) {
    if (!call.ok() || !call.player || !call.match) continue;
    auto& first = sights[{call.player, call.match}];
    if (first == nullptr || call.end.wall_ms < first->end.wall_ms) first = &call;
  }
  return sights;
}

void check_announcement(const Run& run, const MatchStory& match, Symbol player, const Call* sight, Verdict& verdict) {
  const auto limit = match.found_ms + kAnnouncedMs + kClockSlackMs;
  if (sight != nullptr && sight->end.wall_ms <= limit) return;
  std::vector<Where> lines{match.at};
  if (sight != nullptr) lines.push_back(sight->last_line());
  verdict.add(
      named(run, "player", player) + " was connected and heard of " + named(run, "match", match.match) +
          (sight == nullptr ? " never." : " only after " + seconds_text(sight->end.wall_ms - match.found_ms) + "."),
      lines);
}

void check_announcements(const Run& run, const Sockets& sockets, Verdict& verdict) {
  const auto connections = connections_of(sockets);
  const auto sights = first_sights(run);
  for (const auto& match : run.match_stories) {
    const auto* row = run.row(match);
    const bool never_played = row != nullptr && run.symbols.text(row->reason) == "conflict";
    const auto limit = match.found_ms + kAnnouncedMs + kClockSlackMs;
    if (match.found_ms < 0 || never_played || !run.timeline.calm(match.found_ms, limit)) continue;
    for (const auto& seat : match.roster) {
      const auto own = connections.find(seat.player);
      if (own == connections.end()) continue;
      const bool connected = std::any_of(own->second.begin(), own->second.end(), [&](const Connected& times) {
        return times.from <= match.found_ms && times.to > limit;
      });
      if (!connected) continue;
      ++verdict.checked;
      const auto sight = sights.find({seat.player, match.match});
      check_announcement(run, match, seat.player, sight == sights.end() ? nullptr : sight->second, verdict);
    }
  }
}

}  // namespace

Verdict check_frames(const Run& run) {
  const auto sockets = sockets_of(run);
  if (sockets.empty()) return not_checked("the history has no sockets");
  Verdict verdict;
  verdict.things = "frames and announcements";
  for (const auto& [name, calls] : sockets) {
    verdict.checked += calls.size();
    FrameNumbers numbers(run, verdict);
    for (const auto* call : calls) numbers.add(*call);
  }
  check_announcements(run, sockets, verdict);
  return verdict;
}

}  // namespace mm::chaos
