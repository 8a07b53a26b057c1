#include "tests/simulation/servers/session_tables.h"

#include <algorithm>

#include "common/base/result.h"
#include "common/contracts/recent.h"
#include "common/wire/codec.h"

namespace mm::simulation {

using session::Match;
using session::MatchEnd;
using session::Store;

namespace {

void sort_by(std::vector<const SessionTables::Row*>& rows, TimePoint Match::*time) {
  std::stable_sort(rows.begin(), rows.end(), [time](const auto* left, const auto* right) {
    return std::pair(left->match.*time, left->match.id) < std::pair(right->match.*time, right->match.id);
  });
}

std::vector<Match> first_of(const std::vector<const SessionTables::Row*>& rows, int max) {
  std::vector<Match> matches;
  for (const auto* row : rows) {
    if (static_cast<int>(matches.size()) == max) break;
    matches.push_back(row->match);
  }
  return matches;
}

bool may_follow(MatchStatus from, MatchStatus to) {
  const auto before = session::states_before(to);
  return std::find(before.begin(), before.end(), from) != before.end();
}

/// The service decided what the constraints of the tables refuse.
[[noreturn]] void broken(const char* what) {
  if (auto* simulator = Simulator::current()) simulator->fail(what);
  check(false, what);
  std::abort();
}

std::string event_id(MatchId match, std::string_view fact) { return match.to_string() + "." + std::string(fact); }

}  // namespace

std::vector<Store::Stored> SessionTables::insert_found(const std::vector<Store::Arrival>& arrivals,
                                                       const Store::DecideStart& decide, TimePoint now) {
  std::set<MatchId> fresh;
  for (const auto& [found, bad_roster] : arrivals) {
    if (rows_.contains(found.match_id)) continue;
    Row row;
    row.match.id = found.match_id;
    row.match.tenant = found.tenant;
    row.match.mode = found.mode;
    row.match.region = found.region;
    row.match.source = found.source;
    row.match.team_size = found.team_size;
    row.match.teams = found.teams;
    row.match.found_at = found.created_at;
    row.match.stored_at = now;
    rows_.emplace(found.match_id, std::move(row));
    fresh.insert(found.match_id);
  }
  std::map<MatchId, session::Refusal> refusals;
  std::vector<const Store::Arrival*> candidates;
  std::set<MatchId> asked;
  for (const auto& arrival : arrivals) {
    const auto id = arrival.found.match_id;
    if (!fresh.contains(id) || !asked.insert(id).second) continue;
    if (auto refusal = decide(arrival, rows_.at(id).match, {})) refusals.emplace(id, *std::move(refusal));
    else candidates.push_back(&arrival);
  }
  // Each player goes to the first of the arrivals that share the player; a refused match keeps the players it got
  // until its end is written below.
  std::map<MatchId, std::set<PlayerId>> busy;
  for (const auto* arrival : candidates) {
    const auto& match = rows_.at(arrival->found.match_id).match;
    for (const auto player : session::players_of(match.teams)) {
      const auto [held, entered] = live_players_.try_emplace({match.tenant, player}, match.id);
      if (!entered) busy[match.id].insert(player);
    }
  }
  for (const auto* arrival : candidates) {
    const auto found = busy.find(arrival->found.match_id);
    if (found == busy.end()) continue;
    auto refusal = decide(*arrival, rows_.at(found->first).match, found->second);
    if (!refusal) broken("I08: a match with a player of another live match was not refused");
    refusals.emplace(found->first, *std::move(refusal));
  }
  for (const auto& [id, refusal] : refusals) {
    auto& row = rows_.at(id);
    end(row, {refusal.event, {}}, now);
    row.released = true;
  }
  std::vector<Store::Stored> stored;
  for (const auto& [found, bad_roster] : arrivals) {
    const auto refused = refusals.find(found.match_id);
    stored.push_back({rows_.at(found.match_id).match, fresh.erase(found.match_id) > 0,
                      refused == refusals.end() ? "" : refused->second.why});
  }
  return stored;
}

std::optional<Match> SessionTables::find(MatchId match) const {
  const auto row = rows_.find(match);
  return row == rows_.end() ? std::nullopt : std::optional(row->second.match);
}

std::optional<Match> SessionTables::find_live(const Tenant& tenant, PlayerId player) const {
  const auto live = live_players_.find({tenant, player});
  return live == live_players_.end() ? std::nullopt : find(live->second);
}

std::vector<Match> SessionTables::waiting(int max) const {
  std::vector<const Row*> rows;
  for (const auto& [id, row] : rows_) {
    if (row.match.status == MatchStatus::allocating) rows.push_back(&row);
  }
  sort_by(rows, &Match::found_at);
  return first_of(rows, max);
}

std::vector<Match> SessionTables::make_ready(const std::vector<Allocation>& allocations, TimePoint now) {
  std::vector<Match> ready;
  for (const auto& allocation : allocations) {
    const auto found = rows_.find(allocation.match_id);
    if (found == rows_.end() || !may_follow(found->second.match.status, MatchStatus::ready)) continue;
    auto& row = found->second;
    row.match.status = MatchStatus::ready;
    row.server = allocation.server_id;
    row.match.server_endpoint = allocation.server_endpoint;
    row.match.server_url = allocation.server_url;
    row.match.ready_at = now;
    row.heartbeat_at = now;
    outbox_.add({std::string(MatchReady::kSubject.text),
                 wire::encode(session::ready_event(row.match)),
                 event_id(row.match.id, "ready"),
                 {},
                 now,
                 nullptr});
    ready.push_back(row.match);
  }
  return ready;
}

Store::RecordedHeartbeat SessionTables::record_heartbeat(MatchId match, bool running, TimePoint now) {
  const auto found = rows_.find(match);
  if (found == rows_.end()) return {};
  auto& row = found->second;
  const bool starts = running && may_follow(row.match.status, MatchStatus::running);
  if (starts) {
    row.match.status = MatchStatus::running;
    row.match.started_at = now;
  }
  const bool counted = session::is_playable(row.match.status);
  if (counted) row.heartbeat_at = now;
  return {row.match, counted, starts};
}

std::map<MatchId, Store::Judged> SessionTables::with_locked(const std::vector<MatchId>& matches,
                                                            const Store::DecideEnd& decide, TimePoint now) {
  std::map<MatchId, Store::Judged> judged;
  for (const auto id : matches) {
    const auto found = rows_.find(id);
    if (found == rows_.end() || judged.contains(id)) continue;
    auto& row = found->second;
    const auto before = row.match.status;
    auto judgement = decide(row.match, now);
    if (judgement.end) end(row, *judgement.end, now);
    judged.emplace(id, Store::Judged{row.match, std::move(judgement), before});
  }
  return judged;
}

std::vector<Match> SessionTables::recent(const Tenant& tenant, PlayerId player, TimePoint now) const {
  std::vector<Match> matches;
  for (const auto& ended : ended_players_) {
    if (ended.tenant == tenant && ended.player == player && ended.at > now - kRecentTime) {
      matches.push_back(rows_.at(ended.match).match);
    }
  }
  const auto most = static_cast<std::size_t>(kMaxRecentMatches);
  if (matches.size() > most) matches.erase(matches.begin(), matches.end() - static_cast<std::ptrdiff_t>(most));
  return matches;
}

bool SessionTables::is_overdue(const Row& row, Store::Overdue kind, Milliseconds limit, TimePoint now) const {
  if (kind == Store::Overdue::unserved) {
    return row.match.status == MatchStatus::allocating && row.match.stored_at <= now - limit;
  }
  return session::is_playable(row.match.status) && row.heartbeat_at <= now - limit;
}

std::vector<Match> SessionTables::overdue(Store::Overdue kind, Milliseconds limit, int max, TimePoint now) const {
  std::vector<const Row*> rows;
  for (const auto& [id, row] : rows_) {
    if (is_overdue(row, kind, limit, now)) rows.push_back(&row);
  }
  sort_by(rows, &Match::stored_at);
  return first_of(rows, max);
}

std::optional<Match> SessionTables::end_overdue(Store::Overdue kind, Milliseconds limit, const Match& match,
                                                const MatchEnd& how, TimePoint now) {
  const auto found = rows_.find(match.id);
  if (found == rows_.end() || !is_overdue(found->second, kind, limit, now)) return std::nullopt;
  end(found->second, how, now);
  return found->second.match;
}

void SessionTables::end(Row& row, const MatchEnd& how, TimePoint now) {
  auto& match = row.match;
  const auto* cancelled = std::get_if<MatchCancelled>(&how.event);
  const auto status = cancelled != nullptr ? MatchStatus::cancelled : MatchStatus::completed;
  if (!may_follow(match.status, status)) broken("I11: a match ended in a state that it cannot reach");
  match.status = status;
  match.result_hash = how.result_hash;
  match.ended_at = now;
  match.ended_event = std::visit([](const auto& event) { return wire::encode(event); }, how.event);
  if (cancelled != nullptr) {
    match.reason = cancelled->reason;
    match.requeue = cancelled->requeue;
  } else if (!match.started_at) {
    match.started_at = match.ready_at;
  }
  for (const auto player : session::players_of(match.teams))
    ended_players_.push_back({match.tenant, player, match.id, now});
  std::erase_if(live_players_, [&](const auto& live) { return live.second == match.id; });
  const auto subject = cancelled != nullptr ? MatchCancelled::kSubject.text : MatchCompleted::kSubject.text;
  outbox_.add({std::string(subject), match.ended_event, event_id(match.id, text_of(status)), {}, now, nullptr});
}

std::vector<MatchId> SessionTables::unreleased(int max) const {
  std::vector<std::pair<TimePoint, MatchId>> ended;
  for (const auto& [id, row] : rows_) {
    if (!row.released && row.match.ended_at) ended.emplace_back(*row.match.ended_at, id);
  }
  std::sort(ended.begin(), ended.end());
  std::vector<MatchId> matches;
  for (const auto& [at, id] : ended) {
    if (static_cast<int>(matches.size()) < max) matches.push_back(id);
  }
  return matches;
}

void SessionTables::mark_released(const std::vector<MatchId>& matches) {
  for (const auto id : matches) {
    const auto found = rows_.find(id);
    if (found != rows_.end() && found->second.match.ended_at) found->second.released = true;
  }
}

int SessionTables::prune(Milliseconds retention, TimePoint now) {
  const auto before = rows_.size();
  std::erase_if(rows_, [&](const auto& entry) {
    const auto& row = entry.second;
    return row.released && row.match.ended_at && *row.match.ended_at < now - retention;
  });
  return static_cast<int>(before - rows_.size());
}

void SessionTables::prune_recent(TimePoint now) {
  std::erase_if(ended_players_, [&](const Ended& ended) { return ended.at <= now - kRecentTime; });
}

RecordedGeneration SessionTables::record(const std::optional<QueueGeneration>& generation, TimePoint now) {
  const auto& stored = generation_.generation;
  const bool follows =
      generation &&
      (!stored || stored->number < generation->number ||
       (stored->id == generation->id && stored->number == generation->number && stored->mark + 1 == generation->mark));
  if (follows) generation_ = {generation, now};
  return generation_;
}

OpenMatches SessionTables::open_matches(std::optional<MatchId> after) const {
  OpenMatches page;
  std::size_t players = 0;
  for (auto at = after ? rows_.upper_bound(*after) : rows_.begin(); at != rows_.end(); ++at) {
    const auto& match = at->second.match;
    if (is_over(match.status)) continue;
    players += session::players_of(match.teams).size();
    const bool full = page.matches.size() == ListOpenMatches::kMaxMatches || players > ListOpenMatches::kMaxPlayers;
    if (full && !page.matches.empty()) {
      page.next = page.matches.back().match_id;
      break;
    }
    MatchFound found;
    found.match_id = match.id;
    found.tenant = match.tenant;
    found.mode = match.mode;
    found.region = match.region;
    found.source = match.source;
    found.team_size = match.team_size;
    found.teams = match.teams;
    found.created_at = match.found_at;
    page.matches.push_back(std::move(found));
  }
  return page;
}

}  // namespace mm::simulation
