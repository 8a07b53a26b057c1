#include "tests/unit/matchmaking/instance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "services/matchmaker/matching/rules/quality.h"
#include "services/matchmaker/matching/ticket/latency.h"

namespace mm::matching::testing {

Uuid numbered_uuid(std::uint64_t number) {
  Uuid uuid;
  uuid.bytes[6] = 0x70;
  uuid.bytes[8] = 0x80;
  for (std::size_t i = 0; i < 6; ++i) uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return uuid;
}

TicketId ticket_id(std::uint64_t number) { return TicketId(numbered_uuid(number)); }

ModeRules rules_for(int teams) {
  ModeRules rules;
  rules.id = *Mode::parse("test");
  rules.teams = teams;
  return rules;
}

PoolTicket ticket(std::uint64_t number, double rating, double waited_seconds, int size) {
  PoolTicket made;
  made.id = ticket_id(number);
  for (int i = 0; i < size; ++i) {
    const auto player = numbered_uuid(number * 100 + static_cast<std::uint64_t>(i) + (1ULL << 40));
    made.players.push_back({PlayerId(player), rating, 0});
  }
  if (size > 1) made.party = PartyId(numbered_uuid(number + (1ULL << 41)));
  made.queued_at = kNow - static_cast<BucketMs>(std::llround(waited_seconds * 1000));
  made.deadline = made.queued_at + 600'000;
  return made;
}

Pool Instance::pool() const {
  Pool made(rules, team_size, default_region());
  for (const auto& each : tickets) made.upsert(each);
  return made;
}

std::string Instance::to_string() const {
  std::ostringstream out;
  out << rules.teams << " teams of " << team_size << ":";
  for (const auto& each : tickets) {
    out << "\n  " << each.players.size() << " x " << rating_of_ticket(each, rules) << " after "
        << (kNow - each.queued_at) << " ms";
  }
  return out.str();
}

Instance random_instance(std::uint64_t seed, std::size_t most) {
  std::mt19937_64 random(seed);
  const auto draw = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  Instance made{rules_for(), draw(1, 5), {}};
  const bool parties = made.team_size > 1 && draw(0, 3) > 0;
  // 24 solo tickets have two million sets of 10, which is too many for the exhaustive search.
  const std::size_t limit =
      parties || made.team_size < 3 ? most : std::min<std::size_t>(most, made.team_size < 4 ? 18 : 15);
  const auto count = static_cast<std::size_t>(draw(std::min(8, static_cast<int>(limit)), static_cast<int>(limit)));
  std::normal_distribution<double> rating(1500, draw(0, 1) == 0 ? 120 : 300);
  const int waits = draw(0, 3);
  for (std::size_t i = 0; i < count; ++i) {
    const int size = parties ? std::min(made.team_size, std::max(1, draw(-5, 5))) : 1;
    const double wait = waits == 0 ? 0 : waits == 1 ? 40 : waits == 2 ? draw(0, 60) : draw(0, 1) * draw(0, 120);
    PoolTicket next = ticket(i + 1, 0, wait, size);
    const double centre = rating(random);
    for (auto& player : next.players) {
      player.mmr = std::round((centre + draw(-80, 80)) * 100) / 100;
      player.deviation = draw(30, 350);
    }
    made.tickets.push_back(std::move(next));
  }
  return made;
}

double rating_of_ticket(const PoolTicket& ticket, const ModeRules& rules) {
  double sum = 0;
  for (const auto& player : ticket.players) sum += player.mmr;
  const std::size_t entry = std::min(ticket.players.size(), rules.premade_offset.size());
  return sum / static_cast<double>(ticket.players.size()) + (entry > 0 ? rules.premade_offset[entry - 1] : 0);
}

double window_of_ticket(const PoolTicket& ticket, const ModeRules& rules, BucketMs now) {
  if (!rules.use_rating) return 1e9;
  const double waited = static_cast<double>(std::max<BucketMs>(0, now - ticket.queued_at)) / 1000;
  if (rules.widen == Widening::steps) {
    return std::min(rules.max_window,
                    rules.initial_window + std::floor(waited / rules.step_seconds) * rules.step_points);
  }
  return rules.initial_window + (rules.max_window - rules.initial_window) * std::min(waited / rules.widen_seconds, 1.0);
}

std::vector<std::string> breaches(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan) {
  std::vector<std::string> found;
  const auto note = [&](bool holds, const std::string& what) {
    if (!holds) found.push_back(what);
  };
  std::set<TicketId> seen;
  for (const auto& match : plan.matches) {
    std::vector<std::size_t> players(static_cast<std::size_t>(rules.teams));
    std::vector<PoolTicket> tickets;
    for (const Seat& seat : plan.seats_of(match)) {
      tickets.push_back(pool.ticket(seat.slot));
      note(seen.insert(tickets.back().id).second, tickets.back().id.to_string() + " is matched twice");
      note(tickets.back().deadline > now, tickets.back().id.to_string() + " is matched after its deadline");
      note(seat.team < players.size(), "no such team");
      players[seat.team] += tickets.back().players.size();
    }
    for (const std::size_t count : players) {
      note(count == static_cast<std::size_t>(pool.team_size()), "a team of " + std::to_string(count) + " players");
    }
    for (const auto& a : tickets) {
      for (const auto& b : tickets) {
        const double gap = std::fabs(rating_of_ticket(a, rules) - rating_of_ticket(b, rules));
        const double window = std::min(window_of_ticket(a, rules, now), window_of_ticket(b, rules, now));
        note(gap <= window + 2e-4, "ratings " + std::to_string(gap) + " apart, accepted " + std::to_string(window));
      }
      if (!a.latencies) continue;
      const auto after = opens_after_ms(rules, *a.latencies, pool.region());
      note(after && a.queued_at + *after <= now, a.id.to_string() + " is matched in a region that is not open to it");
    }
    note(match.quality > 0 && match.quality <= 1, "quality out of range");
  }
  for (const Slot slot : plan.expired) note(seen.insert(pool.id(slot)).second, "expired and matched");
  return found;
}

std::vector<PoolTicket> left_waiting(const Pool& pool, const TickPlan& plan) {
  std::set<TicketId> gone;
  for (const Seat& seat : plan.seats) gone.insert(pool.id(seat.slot));
  for (const Slot slot : plan.expired) gone.insert(pool.id(slot));
  std::vector<PoolTicket> left;
  pool.for_each([&](const PoolTicket& ticket) {
    if (gone.count(ticket.id) == 0) left.push_back(ticket);
  });
  return left;
}

double utility_of(const Pool& pool, const ModeRules& rules, BucketMs now, const TickPlan& plan) {
  double sum = 0;
  for (const auto& match : plan.matches) {
    sum += match.quality;
    for (const Seat& seat : plan.seats_of(match)) {
      const PoolTicket ticket = pool.ticket(seat.slot);
      sum += waiting_bonus(now - ticket.queued_at, rules.widen_seconds) * static_cast<double>(ticket.players.size()) /
             (rules.teams * pool.team_size());
    }
  }
  return sum;
}

std::vector<std::vector<std::vector<TicketId>>> who_plays(const Pool& pool, const TickPlan& plan) {
  std::vector<std::vector<std::vector<TicketId>>> matches;
  for (const auto& match : plan.matches) {
    std::map<std::uint32_t, std::vector<TicketId>> teams;
    for (const Seat& seat : plan.seats_of(match)) teams[seat.team].push_back(pool.id(seat.slot));
    auto& written = matches.emplace_back();
    for (auto& [team, members] : teams) {
      std::sort(members.begin(), members.end());
      written.push_back(std::move(members));
    }
  }
  std::sort(matches.begin(), matches.end());
  return matches;
}

}  // namespace mm::matching::testing
