#include "services/simulator/world/simulation.h"

#include <time.h>

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/ticket/party_spread.h"
#include "services/matchmaker/matching/ticket/premade_offset.h"
#include "services/simulator/world/worth.h"

namespace mm::simulator {
namespace {

constexpr matching::BucketMs kMinute = 60'000;
constexpr matching::BucketMs kHour = 60 * kMinute;
constexpr std::uint64_t kMatchStream = 1ULL << 62;
constexpr std::uint64_t kLifeStream = 1ULL << 61;

matching::BucketMs ms(double milliseconds) { return std::llround(std::min(milliseconds, 1e14)); }

double cpu_ms() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) * 1e3 + static_cast<double>(spent.tv_nsec) * 1e-6;
}

bool may_queue(const ModeRules& rules, std::span<const Player> players) {
  if (!rules.max_party_spread) return true;
  std::vector<TicketPlayer> party;
  for (const Player& player : players) party.push_back({PlayerId(), player.mmr, player.deviation});
  return matching::party_spread_allowed(rules, party);
}

}  // namespace

Simulation::Simulation(const Population& population, const Crowd& crowd, const Terms& terms, Policy& policy)
    : population_(population),
      crowd_(crowd),
      terms_(terms),
      policy_(policy),
      begin_(ms(population.start_hour * static_cast<double>(kHour))),
      measured_from_(begin_ + ms(population.warm_up_minutes * static_cast<double>(kMinute))),
      measured_until_(measured_from_ + ms(population.minutes * static_cast<double>(kMinute))),
      find_([this](TicketNumber number) { return find_waiting(number); }) {
  for (auto at = measured_from_; at < measured_until_;) {
    const auto end = std::min(measured_until_, (at / kHour + 1) * kHour);
    record_.measured_hours[static_cast<std::size_t>(at / kHour % 24)] +=
        static_cast<double>(end - at) / static_cast<double>(kHour);
    at = end;
  }
  if (!population.activity.empty()) {
    double sum = 0;
    for (const double hour : population.activity) sum += hour;
    busiest_ = *std::max_element(population.activity.begin(), population.activity.end()) * 24 / sum;
  }
}

RunRecord Simulation::run_until(matching::BucketMs end, const ProgressCallback& report_progress) {
  constexpr std::uint64_t kProgressInterval = 2048;
  begin_lives();
  last_tick_ = begin_ - terms_.tick_ms;
  const double span = static_cast<double>(measured_until_ - begin_);
  // After the measured time, the simulation waits until all measured tickets have left the queue, but not beyond the
  // mode's longest wait.
  const matching::BucketMs latest = measured_until_ + ms(terms_.rules.max_wait_seconds * 1000) + kMinute;
  matching::BucketMs now = begin_;
  for (std::uint64_t steps = 0;; ++steps) {
    const matching::BucketMs tick_at = next_tick(now);
    const matching::BucketMs event_at = events_.empty() ? Policy::kNever : events_.top().at;
    now = std::min(tick_at, event_at);
    if (now > std::min(latest, end) || (now > measured_until_ && measured_waiting_ == 0)) break;
    if (event_at <= tick_at) {
      const Event event = events_.top();
      events_.pop();
      happen(event);
    } else {
      tick(now);
    }
    if (report_progress && steps % kProgressInterval == 0) {
      report_progress({std::min(1.0, static_cast<double>(now - begin_) / span), waiting_, record_.faults.matches});
    }
  }
  record_.virtual_seconds = static_cast<double>(std::min(now, latest) - begin_) / 1000;
  return std::move(record_);
}

void Simulation::announce(matching::BucketMs at, What what, std::uint32_t who) {
  events_.push({at, announced_++, what, who});
}

// Starts near the steady state: each unit is in a session with the probability given by the lengths of session and
// absence (time in the queue counts as 0), at a random place in the session.
void Simulation::begin_lives() {
  const double match = population_.match_minutes * 60'000 + population_.pause_seconds * 1000;
  const double session = match * population_.matches_per_session;
  const double away = population_.away_minutes * static_cast<double>(kMinute);
  const double present = session / (session + away / activity_at(begin_));
  lives_.reserve(crowd_.units().size());
  for (std::uint32_t unit = 0; unit < crowd_.units().size(); ++unit) {
    UnitState& life = lives_.emplace_back(UnitState{Random(terms_.seed, kLifeStream + unit)});
    if (life.chance.uniform() < present) {
      life.matches_left = life.chance.geometric(population_.matches_per_session);
      announce(begin_ + ms(life.chance.uniform() * match), What::enters, unit);
    } else {
      after_session(unit, begin_);
    }
  }
}

/// The relative activity at this time; its mean over the day is 1.
double Simulation::activity_at(matching::BucketMs now) const {
  if (population_.activity.empty()) return 1;
  double sum = 0;
  for (const double hour : population_.activity) sum += hour;
  const double here = population_.activity[static_cast<std::size_t>(now / kHour % 24)];
  return std::max(1e-6, here * 24 / sum);
}

// A Poisson process whose rate depends on the hour, by thinning a process with the rate of the busiest hour.
matching::BucketMs Simulation::next_session(UnitState& life, matching::BucketMs now) const {
  const double mean = population_.away_minutes * static_cast<double>(kMinute) / busiest_;
  auto at = static_cast<double>(now);
  do {
    at += life.chance.exponential(mean);
  } while (life.chance.uniform() * busiest_ > activity_at(ms(at)) && at < 1e13);
  return ms(at);
}

void Simulation::happen(const Event& event) {
  switch (event.what) {
    case What::enters: return enter(event.who, event.at);
    case What::gives_up: return leave(event.who, Ending::gave_up, event.at);
    case What::times_out: return leave(event.who, Ending::timed_out, event.at);
  }
}

void Simulation::enter(std::uint32_t unit, matching::BucketMs now) {
  const Unit& party = crowd_.units()[unit];
  const auto players = crowd_.players_of(party);
  if (!may_queue(terms_.rules, players)) {
    ++record_.refused;
    return after_session(unit, now);
  }
  const auto number = static_cast<TicketNumber>(entries_.size());
  Entry& entry = entries_.emplace_back();
  entry.unit = unit;
  entry.ticket = {number,
                  now,
                  now + ms(terms_.rules.max_wait_seconds * 1000),
                  party.rating + matching::premade_offset(terms_.rules, players.size()),
                  party.region,
                  players,
                  crowd_.latencies_of(unit)};
  entry.measured = now >= measured_from_ && now < measured_until_;
  if (entry.measured) {
    entry.record = static_cast<std::uint32_t>(record_.queueings.size());
    Queueing& queueing = record_.queueings.emplace_back();
    queueing.unit = unit;
    queueing.size = party.size;
    queueing.decile = party.decile;
    queueing.hour = static_cast<std::uint8_t>(now / kHour % 24);
    ++measured_waiting_;
  }
  record_.most_waiting = std::max(record_.most_waiting, ++waiting_);
  announce(entry.ticket.deadline, What::times_out, number);
  if (population_.patience_minutes > 0) {
    const double patience = lives_[unit].chance.exponential(population_.patience_minutes * kMinute);
    announce(now + ms(patience), What::gives_up, number);
  }
  timed([&] { policy_.enter(entries_.back().ticket); });
}

void Simulation::leave(TicketNumber number, Ending ending, matching::BucketMs now) {
  Entry& entry = entries_[number];
  if (entry.ending != Ending::waiting) return;
  timed([&] { policy_.leave(number, now); });
  finish(entry, ending, now);
  after_session(entry.unit, now);
}

void Simulation::after_session(std::uint32_t unit, matching::BucketMs now) {
  UnitState& life = lives_[unit];
  const matching::BucketMs at = next_session(life, now);
  life.matches_left = life.chance.geometric(population_.matches_per_session);
  announce(at, What::enters, unit);
}

void Simulation::tick(matching::BucketMs now) {
  made_.clear();
  const double spent = timed([&] { policy_.tick(now, made_); });
  record_.longest_tick_ms = std::max(record_.longest_tick_ms, spent);
  ++record_.ticks;
  last_tick_ = now;
  for (const MadeMatch& match : made_) play(match, now);
}

void Simulation::play(const MadeMatch& match, matching::BucketMs now) {
  const Faults faults = check_match(match, terms_, now, find_);
  record_.faults.add(faults);
  if (faults.unknown || faults.sizes) return;  // no game could be started
  const MatchWorth worth = worth_of(match, terms_, find_);
  Random chance(terms_.seed, kMatchStream + match.seats.front().ticket);
  const double minutes = population_.match_minutes + population_.match_minutes_sd * chance.normal();
  const matching::BucketMs over = now + ms(std::max(minutes, population_.match_minutes / 4) * kMinute);
  for (const MadeSeat& seat : match.seats) {
    Entry& entry = entries_[seat.ticket];
    if (entry.ending != Ending::waiting) continue;  // another player of the same party
    finish(entry, Ending::matched, now);
    if (entry.measured) {
      Queueing& queueing = record_.queueings[entry.record];
      queueing.quality = static_cast<float>(worth.quality);
      queueing.spread = static_cast<float>(worth.spread);
      queueing.team_gap = static_cast<float>(worth.team_gap);
      if (!entry.ticket.latencies.empty()) queueing.latency_ms = entry.ticket.latencies[match.region];
    }
    UnitState& life = lives_[entry.unit];
    if (--life.matches_left > 0) {
      announce(over + ms(life.chance.exponential(population_.pause_seconds * 1000)), What::enters, entry.unit);
    } else {
      after_session(entry.unit, over);
    }
  }
}

void Simulation::finish(Entry& entry, Ending ending, matching::BucketMs now) {
  entry.ending = ending;
  --waiting_;
  if (!entry.measured) return;
  --measured_waiting_;
  Queueing& queueing = record_.queueings[entry.record];
  queueing.ending = ending;
  queueing.waited_seconds = static_cast<float>(static_cast<double>(now - entry.ticket.queued_at) / 1000);
}

const WaitingTicket* Simulation::find_waiting(TicketNumber number) const {
  if (number >= entries_.size() || entries_[number].ending != Ending::waiting) return nullptr;
  return &entries_[number].ticket;
}

// A multiple of tick_ms that is not in the past and not the time of the last tick.
matching::BucketMs Simulation::next_tick(matching::BucketMs now) const {
  const matching::BucketMs due = policy_.due();
  if (due == Policy::kNever) return Policy::kNever;
  const matching::BucketMs earliest = std::max({due, now, last_tick_ + terms_.tick_ms});
  return (earliest + terms_.tick_ms - 1) / terms_.tick_ms * terms_.tick_ms;
}

template <class Act>
double Simulation::timed(Act&& act) {
  const double before = cpu_ms();
  act();
  const double spent = cpu_ms() - before;
  record_.policy_cpu_ms += spent;
  return spent;
}

}  // namespace mm::simulator
