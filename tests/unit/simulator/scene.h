// A small queue for tests of policies: tickets with rating, size and time of entry, and the matches a policy makes.
#pragma once

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "services/simulator/policies/catalogue.h"
#include "services/simulator/world/checker.h"

namespace mm::simulator {

inline constexpr matching::BucketMs kSecond = 1000;

inline ModeRules scene_rules() {
  ModeRules rules;
  rules.id = *Mode::parse("scene");
  return rules;
}

inline Terms scene_terms(int team_size, ModeRules rules = scene_rules()) {
  Terms terms;
  terms.rules = std::move(rules);
  terms.team_size = team_size;
  terms.regions = {default_region()};
  terms.seed = 1;
  return terms;
}

class Scene {
 public:
  explicit Scene(const Terms& terms) : terms_(terms) {}

  /// Adds a party of players with equal ratings. Tickets are numbered from 0.
  TicketNumber add(double rating, matching::BucketMs queued_at, int size = 1, double deviation = 60) {
    auto& players = players_.emplace_back(static_cast<std::size_t>(size), Player{rating, deviation});
    WaitingTicket ticket;
    ticket.number = static_cast<TicketNumber>(tickets_.size());
    ticket.queued_at = queued_at;
    ticket.deadline = queued_at + 600 * kSecond;
    ticket.rating = rating;
    ticket.players = players;
    tickets_.push_back(ticket);
    return ticket.number;
  }

  WaitingTicket& ticket(TicketNumber number) { return tickets_[number]; }
  const std::deque<WaitingTicket>& tickets() const { return tickets_; }
  FindTicket find() const {
    return [this](TicketNumber number) { return number < tickets_.size() ? &tickets_[number] : nullptr; };
  }

  /// Runs a tick whenever the policy is due, up to `until`. All tickets enter before the first tick.
  std::vector<MadeMatch> play(Policy& policy, matching::BucketMs until) const {
    std::vector<MadeMatch> made;
    matching::BucketMs now = 0;
    for (const WaitingTicket& ticket : tickets_) {
      policy.enter(ticket);
      now = std::max(now, ticket.queued_at);
    }
    for (now = std::max(now, policy.due()); now <= until; now = std::max(now + terms_.tick_ms, policy.due())) {
      policy.tick(now, made);
      if (policy.due() == Policy::kNever) break;
    }
    return made;
  }
  std::vector<MadeMatch> play(std::string_view policy, matching::BucketMs until) const {
    return play(*find_policy(policy)->make(terms_), until);
  }

 private:
  Terms terms_;
  std::deque<std::vector<Player>> players_;
  std::deque<WaitingTicket> tickets_;
};

/// "0 3 | 1 2": the tickets of the teams, sorted.
inline std::string teams_text(const MadeMatch& match) {
  std::vector<std::set<TicketNumber>> teams(2);
  for (const MadeSeat& seat : match.seats) teams.at(seat.team).insert(seat.ticket);
  std::sort(teams.begin(), teams.end());
  std::string text;
  for (const auto& team : teams) {
    if (!text.empty()) text += "| ";
    for (const TicketNumber number : team) text += std::to_string(number) + " ";
  }
  text.pop_back();
  return text;
}

inline std::multiset<std::string> all_teams(const std::vector<MadeMatch>& made) {
  std::multiset<std::string> all;
  for (const MadeMatch& match : made) all.insert(teams_text(match));
  return all;
}

using Matches = std::multiset<std::string>;

}  // namespace mm::simulator
