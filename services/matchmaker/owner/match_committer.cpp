#include "services/matchmaker/owner/match_committer.h"

#include <algorithm>
#include <utility>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kQueueTimeout{1'000};
/// Limit of commits in one round trip: some 10 ms of the queue's time.
constexpr std::size_t kCommitBatch = 128;
/// With at least this many tickets over all buckets, planning is shared among the planner threads.
constexpr std::size_t kMinTicketsToShare = 1'000;
/// Time limit for committing a plan. The rest is planned again in the next tick, after the leases were renewed.
constexpr Milliseconds kCommitTimeout{300};
constexpr Milliseconds kWarningInterval{10'000};

Partition* partition_named(PartitionOwner& owner, const PartitionName& name, const std::string& token) {
  for (auto* partition : owner.owned()) {
    if (partition->name == name && partition->lease.token() == token) return partition;
  }
  return nullptr;
}

BucketState* bucket_in(Partition* partition, const std::string& text) {
  if (partition == nullptr) return nullptr;
  const auto found = partition->buckets.find(text);
  return found == partition->buckets.end() ? nullptr : &found->second;
}

}  // namespace

MatchCommitter::MatchCommitter(const Parts& parts)
    : store_(parts.store),
      publisher_(parts.publisher),
      wait_estimator_(parts.waits),
      clock_(parts.clock),
      metrics_(parts.metrics),
      planner_threads_(parts.plan_threads),
      gate_(parts.max_unconfirmed) {}

bool MatchCommitter::retry_unknown_commits(PartitionOwner& owner) {
  if (unknown_commits_.empty()) return true;
  return carry_out(owner, std::exchange(unknown_commits_, {}), {});
}

bool MatchCommitter::decide(PartitionOwner& owner) {
  const auto started = clock_.steady();
  taken_.clear();
  Work work;
  const auto& buckets = owner.buckets_with_tickets();
  for (const auto& [partition, bucket] : buckets) bucket->before_plan();
  auto plans = plan(buckets);
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    buckets[i].second->after_plan(buckets[i].first->clock.now(), plans[i]);
    add(*buckets[i].first, *buckets[i].second, plans[i], work);
  }
  metrics_.plan.observe(std::chrono::duration<double>(clock_.steady() - started).count());
  keep_within(gate_.room(owner.unconfirmed(), started), work.commits);
  return commit(owner, std::move(work), started);
}

// Keeps the matches with the longest-waiting tickets. The others are planned again in the next tick.
void MatchCommitter::keep_within(std::int64_t room, std::vector<CommitRequest>& commits) {
  holds_back_ = gate_.closed();
  // At its bound the gate opens and closes with every tick, so the warning is limited to one in kWarningInterval.
  if (holds_back_ && clock_.steady() - warned_at_ >= kWarningInterval) {
    warned_at_ = clock_.steady();
    log::warning("commits_held_back", {{"matches", commits.size()}});
  }
  metrics_.held_back.set(holds_back_ ? 1 : 0);
  const auto limit = static_cast<std::size_t>(room);
  if (commits.size() <= limit) return;
  const auto waited = [](const CommitRequest& request) {
    BucketMs longest = 0;
    for (const auto& seat : request.seats) longest = std::max(longest, seat.waited);
    return longest;
  };
  std::stable_sort(commits.begin(), commits.end(),
                   [&](const CommitRequest& left, const CommitRequest& right) { return waited(left) > waited(right); });
  commits.erase(commits.begin() + room, commits.end());
}

bool MatchCommitter::commit(PartitionOwner& owner, Work work, SteadyPoint started) {
  auto rest = work.commits.begin();
  do {
    const auto end = rest + std::min<std::ptrdiff_t>(kCommitBatch, work.commits.end() - rest);
    if (!carry_out(owner, {std::make_move_iterator(rest), std::make_move_iterator(end)}, work.expired)) return false;
    work.expired.clear();
    rest = end;
  } while (rest != work.commits.end() && clock_.steady() - started < kCommitTimeout);
  return true;
}

// Buckets are planned in parallel only where that saves more time than waking the planner threads costs.
std::vector<matching::TickPlan> MatchCommitter::plan(
    const std::vector<std::pair<const Partition*, BucketState*>>& buckets) {
  std::size_t waiting = 0;
  for (const auto& [partition, bucket] : buckets) waiting += bucket->pool().size();
  std::vector<matching::TickPlan> plans(buckets.size());
  const auto plan_one = [&](std::size_t i, matching::Workspace& workspace) {
    plans[i] = buckets[i].second->plan(buckets[i].first->clock.now(), workspace);
  };
  if (waiting >= kMinTicketsToShare) {
    planner_threads_.run(buckets.size(), plan_one);
  } else {
    for (std::size_t i = 0; i < buckets.size(); ++i) plan_one(i, planner_threads_.own_workspace());
  }
  return plans;
}

void MatchCommitter::add(const Partition& partition, const BucketState& bucket, const matching::TickPlan& tick,
                         Work& work) {
  for (const auto slot : tick.expired) {
    work.expired.push_back({partition.name, partition.lease.token(), bucket.pool().id(slot)});
  }
  for (const auto& match : tick.matches) {
    const auto seats = tick.seats_of(match);
    const bool all_free = std::none_of(seats.begin(), seats.end(), [&](const matching::Seat& seat) {
      return taken_.contains(bucket.pool().id(seat.slot));
    });
    if (!all_free) continue;
    for (const auto& seat : seats) taken_.insert(bucket.pool().id(seat.slot));
    work.commits.push_back(commit_of(partition, bucket, tick, match));
  }
}

CommitRequest MatchCommitter::commit_of(const Partition& partition, const BucketState& bucket,
                                        const matching::TickPlan& tick, const matching::PlannedMatch& match) const {
  CommitRequest request;
  request.name = partition.name;
  request.token = partition.lease.token();
  request.bucket = bucket.text();
  auto& found = request.found;
  found.created_at = clock_.now();
  found.match_id = MatchId::fresh(found.created_at);
  found.tenant = bucket.bucket().tenant;
  found.mode = bucket.bucket().mode;
  found.region = bucket.bucket().region;
  found.team_size = bucket.bucket().team_size;
  found.quality = match.quality;
  found.mmr_spread = match.spread;
  found.teams.resize(static_cast<std::size_t>(bucket.rules().teams));
  for (const auto& seat : tick.seats_of(match)) {
    const auto ticket = bucket.pool().ticket(seat.slot);
    const auto waited = std::max<BucketMs>(0, partition.clock.now() - ticket.queued_at);
    request.seats.push_back({ticket.id, ticket.attempt, ticket.change, waited, matching::mean_rating(ticket.players),
                             static_cast<int>(ticket.players.size())});
    for (const auto& player : ticket.players) {
      found.teams[seat.team].players.push_back({player.player_id, ticket.id, ticket.party, player.mmr, waited});
    }
  }
  for (auto& team : found.teams) {
    double sum = 0;
    for (const auto& player : team.players) sum += player.mmr;
    team.mmr = team.players.empty() ? 0 : sum / static_cast<double>(team.players.size());
  }
  return request;
}

bool MatchCommitter::carry_out(PartitionOwner& owner, std::vector<CommitRequest> commits,
                               const std::vector<ExpireRequest>& expired) {
  if (commits.empty() && expired.empty()) return true;
  const auto decided = store_.decide(commits, expired, Deadline::after(kQueueTimeout));
  if (!decided) {
    log::warning("commits_unknown", {{"commits", commits.size()}, {"error", decided.error().text}});
    metrics_.commits_unknown.add(static_cast<double>(commits.size()));
    std::move(commits.begin(), commits.end(), std::back_inserter(unknown_commits_));
    return false;
  }
  std::vector<MatchFound> found;
  for (std::size_t i = 0; i < commits.size(); ++i) {
    if (apply(commits[i], decided->commits[i], owner)) found.push_back(std::move(commits[i].found));
  }
  gate_.committed(static_cast<std::int64_t>(found.size()), clock_.steady());
  if (!found.empty()) publisher_.announce(std::move(found));
  for (std::size_t i = 0; i < expired.size(); ++i) apply(expired[i], decided->expired[i], owner);
  return true;
}

bool MatchCommitter::apply(const CommitRequest& request, const CommitResult& result, PartitionOwner& owner) {
  auto* partition = partition_named(owner, request.name, request.token);
  auto* bucket = bucket_in(partition, request.bucket);
  switch (result.kind) {
    case CommitResult::Kind::ok:
      if (bucket != nullptr) {
        for (const auto& seat : request.seats) bucket->matched(seat.ticket);
      }
      record(request, bucket);
      return true;
    case CommitResult::Kind::refused:
      metrics_.commits_refused.add();
      if (bucket != nullptr) bucket->refused(result);
      return false;
    case CommitResult::Kind::lost:
      metrics_.commits_lost.add();
      if (partition != nullptr) owner.lost(*partition);
      return false;
    case CommitResult::Kind::failed:
      // An error instead of a result (the queue is full, or loading): nothing was written. The next tick tries again.
      metrics_.commits_unknown.add();
      return false;
  }
  return false;
}

void MatchCommitter::record(const CommitRequest& request, const BucketState* bucket) {
  ++match_counts_[request.bucket];
  if (bucket != nullptr) {
    for (const auto& seat : request.seats) {
      wait_estimator_.matched(request.bucket, bucket->rules(), {seat.rating, seat.size}, seat.waited);
    }
  }
  auto& of_mode = metrics_.of_mode(request.found.mode);
  of_mode.matches.add();
  for (const auto& seat : request.seats) of_mode.wait.observe(static_cast<double>(seat.waited) / 1000.0);
}

void MatchCommitter::apply(const ExpireRequest& request, ExpireResult result, PartitionOwner& owner) {
  auto* partition = partition_named(owner, request.name, request.token);
  if (partition == nullptr) return;
  if (result == ExpireResult::lost) return owner.lost(*partition);
  if (result != ExpireResult::ended && result != ExpireResult::gone) return;
  if (result == ExpireResult::ended) metrics_.expired.add();
  for (auto& [text, bucket] : partition->buckets) {
    if (bucket.pool().contains(request.ticket)) bucket.ended(request.ticket, recording::LeaveReason::timed_out);
  }
}

}  // namespace mm::matchmaker
