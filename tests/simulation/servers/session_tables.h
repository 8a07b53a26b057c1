// The simulated tables of session, with the transactions of services/session/store.h and queue_store.h: each method is
// one transaction. `now` is the time of the transaction. A test compares it with the real store. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "services/session/queue_store.h"
#include "services/session/store.h"
#include "tests/simulation/servers/outbox_table.h"

namespace mm::simulation {

class SessionTables {
 public:
  using Store = session::Store;
  using Match = session::Match;
  struct Row {
    Match match;
    std::optional<ServerId> server;
    std::optional<TimePoint> heartbeat_at;
    bool released = false;
  };

  std::vector<Store::Stored> insert_found(const std::vector<Store::Arrival>& arrivals, const Store::DecideStart& decide,
                                          TimePoint now);
  std::optional<Match> find(MatchId match) const;
  std::optional<Match> find_live(const Tenant& tenant, PlayerId player) const;
  std::vector<Match> waiting(int max) const;
  std::vector<Match> make_ready(const std::vector<Allocation>& allocations, TimePoint now);
  Store::RecordedHeartbeat record_heartbeat(MatchId match, bool running, TimePoint now);
  std::map<MatchId, Store::Judged> with_locked(const std::vector<MatchId>& matches, const Store::DecideEnd& decide,
                                               TimePoint now);
  std::vector<Match> recent(const Tenant& tenant, PlayerId player, TimePoint now) const;
  std::vector<Match> overdue(Store::Overdue kind, Milliseconds limit, int max, TimePoint now) const;
  std::optional<Match> end_overdue(Store::Overdue kind, Milliseconds limit, const Match& match,
                                   const session::MatchEnd& end, TimePoint now);
  std::vector<MatchId> unreleased(int max) const;
  void mark_released(const std::vector<MatchId>& matches);
  int prune(Milliseconds retention, TimePoint now);
  void prune_recent(TimePoint now);
  RecordedGeneration record(const std::optional<QueueGeneration>& generation, TimePoint now);
  OpenMatches open_matches(std::optional<MatchId> after) const;

  const std::map<MatchId, Row>& rows() const { return rows_; }
  using Players = std::map<std::pair<Tenant, PlayerId>, MatchId>;
  const Players& live_players() const { return live_players_; }
  OutboxTable& outbox() { return outbox_; }
  const OutboxTable& outbox() const { return outbox_; }

 private:
  struct Ended {
    Tenant tenant;
    PlayerId player;
    MatchId match;
    TimePoint at;
  };
  bool is_overdue(const Row& row, Store::Overdue kind, Milliseconds limit, TimePoint now) const;
  void end(Row& row, const session::MatchEnd& end, TimePoint now);

  std::map<MatchId, Row> rows_;
  Players live_players_;
  std::vector<Ended> ended_players_;
  OutboxTable outbox_;
  RecordedGeneration generation_;
};

}  // namespace mm::simulation
