// Replaces the stores of session (store.cpp, queue_store.cpp) and services/profile/store.cpp in the simulation: each
// method is one transaction on the simulated tables. As in the real stores, a transaction whose reply was lost runs
// once more.
#include <optional>

#include "common/bus/outbox.h"
#include "services/profile/store.h"
#include "services/session/queue_store.h"
#include "services/session/store.h"
#include "tests/simulation/servers/servers.h"

namespace mm {
namespace {

using simulation::Servers;

/// `work` returns the result of the transaction.
template <class Work>
auto transaction(Deadline deadline, bool again, Work work) -> Reply<std::invoke_result_t<Work, TimePoint>> {
  using Value = std::invoke_result_t<Work, TimePoint>;
  for (int attempt = 0; attempt < (again ? 2 : 1); ++attempt) {
    std::optional<Value> value;
    const auto committed = Servers::current().transaction(deadline, [&](TimePoint now) { value.emplace(work(now)); });
    if (committed == Servers::Committed::yes) return std::move(*value);
    if (committed == Servers::Committed::no) break;
  }
  return refuse(Code::unavailable);
}

}  // namespace

namespace session {
namespace {

simulation::SessionTables& tables() { return Servers::current().database.session; }

}  // namespace

Reply<std::vector<Store::Stored>> Store::insert_found(const std::vector<Arrival>& arrivals, const DecideStart& decide,
                                                      Deadline deadline) {
  auto stored =
      transaction(deadline, true, [&](TimePoint now) { return tables().insert_found(arrivals, decide, now); });
  if (stored) outbox_.wake();
  return stored;
}

Reply<std::optional<Match>> Store::find(MatchId match, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().find(match); });
}

Reply<std::optional<Match>> Store::find_live(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().find_live(tenant, player); });
}

Reply<std::vector<Match>> Store::waiting(int max, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().waiting(max); });
}

Reply<std::vector<Match>> Store::make_ready(const std::vector<Allocation>& allocations, Deadline deadline) {
  auto ready = transaction(deadline, true, [&](TimePoint now) { return tables().make_ready(allocations, now); });
  if (ready) outbox_.wake();
  return ready;
}

Reply<Store::RecordedHeartbeat> Store::record_heartbeat(MatchId match, bool running, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().record_heartbeat(match, running, now); });
}

Reply<std::map<MatchId, Store::Judged>> Store::with_locked(const std::vector<MatchId>& matches, const DecideEnd& decide,
                                                           Deadline deadline) {
  auto judged = transaction(deadline, true, [&](TimePoint now) { return tables().with_locked(matches, decide, now); });
  if (judged) outbox_.wake();
  return judged;
}

Reply<std::vector<Match>> Store::recent(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().recent(tenant, player, now); });
}

Reply<std::vector<Match>> Store::overdue(Overdue kind, Milliseconds limit, int max, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().overdue(kind, limit, max, now); });
}

Reply<std::optional<Match>> Store::end_overdue(Overdue kind, Milliseconds limit, const Match& match,
                                               const MatchEnd& end, Deadline deadline) {
  auto ended =
      transaction(deadline, true, [&](TimePoint now) { return tables().end_overdue(kind, limit, match, end, now); });
  if (ended) outbox_.wake();
  return ended;
}

Reply<std::vector<MatchId>> Store::unreleased(int max, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().unreleased(max); });
}

Reply<Done> Store::mark_released(const std::vector<MatchId>& matches, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().mark_released(matches), Done{}; });
}

Reply<int> Store::prune(Milliseconds retention, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().prune(retention, now); });
}

Reply<Done> Store::prune_recent(Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().prune_recent(now), Done{}; });
}

Reply<RecordedGeneration> QueueStore::record(const std::optional<QueueGeneration>& generation, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint now) { return tables().record(generation, now); });
}

Reply<OpenMatches> QueueStore::open_matches(std::optional<MatchId> after, Deadline deadline) {
  return transaction(deadline, true, [&](TimePoint) { return tables().open_matches(after); });
}

}  // namespace session

namespace profile {
namespace {

simulation::ProfileTables& tables() { return Servers::current().database.profile; }

}  // namespace

Reply<std::vector<std::optional<RatedMatch>>> Store::with_locked_ratings(
    const std::vector<const MatchCompleted*>& matches, const DecideRatings& decide, Deadline deadline) {
  auto rated =
      transaction(deadline, false, [&](TimePoint now) { return tables().with_locked_ratings(matches, decide, now); });
  if (rated) outbox_.wake();
  return rated;
}

Reply<std::vector<Rating>> Store::ratings_of(const std::optional<Tenant>& tenant, const std::vector<PlayerId>& players,
                                             TimePoint now, Deadline deadline) {
  return transaction(deadline, false, [&](TimePoint) { return tables().ratings_of(tenant, players, now); });
}

Reply<Store::RatingPage> Store::ratings_after(const std::optional<Tenant>& tenant,
                                              const std::optional<RatingCursor>& cursor, int limit, TimePoint now,
                                              Deadline deadline) {
  return transaction(deadline, false, [&](TimePoint) { return tables().ratings_after(tenant, cursor, limit, now); });
}

// Accounts are not simulated.

Reply<std::optional<Code>> Store::taken(const Tenant&, const std::string&, const std::string&, Deadline) {
  return refuse(Code::unavailable);
}
Reply<Done> Store::create(const NewAccount&, Deadline) { return refuse(Code::unavailable); }
Reply<std::optional<Credential>> Store::find_credential(const Tenant&, const std::string&, Deadline) {
  return refuse(Code::unavailable);
}
Reply<Done> Store::replace_hash(PlayerId, const std::string&, const std::string&, Deadline) {
  return refuse(Code::unavailable);
}
Reply<std::optional<Profile>> Store::find_profile(const Tenant&, PlayerId, Deadline) {
  return refuse(Code::unavailable);
}
Reply<std::optional<Profile>> Store::update(const Tenant&, PlayerId, const UpdateProfile&, TimePoint, Deadline) {
  return refuse(Code::unavailable);
}
Reply<std::vector<MatchRatingChange>> Store::changes_of(const Tenant&, const GetRatingChanges&, Deadline) {
  return refuse(Code::unavailable);
}

}  // namespace profile
}  // namespace mm
