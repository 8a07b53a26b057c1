#include "services/matchmaker/owner/partition_owner.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kQueueTimeout{500};
constexpr Milliseconds kDiscoverInterval{1'000};
/// After a pause between two ticks that is longer than this, another instance may hold our leases.
constexpr Milliseconds kMaxTickPause{750};
/// Limit of idle partitions polled in one tick.
constexpr int kMaxIdlePolls = 16;
/// Limit of polling rounds in one tick; the rest is read in the next one.
constexpr int kMaxRounds = 25;

}  // namespace

PartitionOwner::PartitionOwner(const Parts& parts)
    : store_(parts.store),
      verifier_(parts.verifier),
      modes_(parts.modes),
      table_version_(parts.modes.version()),
      table_(parts.modes.current()),
      clock_(parts.clock),
      metrics_(parts.metrics),
      loader_(parts.store, parts.metrics),
      changes_(parts.address),
      address_(parts.address),
      encoder_(parts.encoder) {}

// The version is read first: a table that is loaded between the two reads is found at the next tick.
void PartitionOwner::follow_modes() {
  const auto version = modes_.version();
  if (version == table_version_) return;
  table_version_ = version;
  const auto before = std::exchange(table_, modes_.current());
  for (const auto& mode : runtime::changed_modes(*before, *table_)) {
    const auto* rules = table_->find(mode);
    for (auto& [name, partition] : partitions_) {
      for (auto& [text, bucket] : partition.buckets) {
        if (bucket.bucket().mode != mode) continue;
        bucket.set_rules(rules != nullptr ? *rules : bucket.rules(), rules != nullptr);
        changed_buckets_.push_back(text);
      }
    }
  }
}

bool PartitionOwner::refresh(bool bucket_opened) {
  follow_modes();
  if (!pulse(bucket_opened) || !list_buckets(bucket_opened)) return false;
  bool rediscovered = false;
  auto at = due();
  for (int round = 0; round < kMaxRounds && !at.empty(); ++round) {
    auto again = poll(at);
    if (!again) return false;
    at = std::move(*again);
    // The buckets of a newly acquired partition must be read. The first tickets of a newly opened bucket should not
    // wait for the next tick.
    const bool unlisted =
        std::any_of(tenants_.begin(), tenants_.end(), [](const auto& of) { return !of.second.listed; });
    if (!acquired_ && (!unlisted || rediscovered)) continue;
    rediscovered = true;
    if (!list_buckets(true)) return false;
    at = due();
  }
  finish_refresh();
  reachable_ = true;
  return true;
}

// After a pause, other instances may hold the leases that this instance believes to hold.
bool PartitionOwner::pulse(bool bucket_opened) {
  const auto started = clock_.steady();
  if (pulsed_at_ && started - *pulsed_at_ > kMaxTickPause) poll_all_of_ours();
  const auto read = store_.pulse(changes_.next(started, bucket_opened), Deadline::after(kQueueTimeout));
  if (!read) return failed(read.error()), false;
  if (!follow_generation(read->generation)) return false;
  pulsed_at_ = clock_.steady();
  pulses_.seen(read->pulses, *pulsed_at_);
  for (const auto& [tenant, number] : changes_.update(read->changes, *pulsed_at_)) {
    tenants_.at(tenant).change = number;
    changed_tenants_.push_back(tenant);
  }
  if (!bucket_opened && discovered_at_ && started - *discovered_at_ < kDiscoverInterval) return true;
  const auto tenants = store_.tenants(Deadline::after(kQueueTimeout));
  if (!tenants) return failed(tenants.error()), false;
  discovered_at_ = pulsed_at_;
  follow_tenants(*tenants);
  const auto forgotten = store_.forget_pulses(pulses_.forgotten(), Deadline::after(kQueueTimeout));
  return forgotten.ok() || (failed(forgotten.error()), false);
}

// While the queue is not verified, no lease counts as standing still. A new generation has other leases and change
// numbers, so nothing in memory is valid any more.
bool PartitionOwner::follow_generation(const GenerationRead& read) {
  const auto queue = verifier_.accept(read);
  if (!queue) {
    for (auto& [name, partition] : partitions_) partition.lease.missed();
    pulses_.missed();
    poll_all_of_ours();
    return false;
  }
  store_.use(*queue);
  if (std::exchange(generation_, queue->number) == queue->number) return true;
  for (auto& [name, partition] : partitions_) {
    partition.lease.released();
    partition.forget();
  }
  ownership_changed_ = true;
  return true;
}

void PartitionOwner::follow_tenants(const std::vector<Tenant>& tenants) {
  const std::set<Tenant> present(tenants.begin(), tenants.end());
  std::vector<Tenant> gone;
  for (const auto& [tenant, of_tenant] : tenants_) {
    if (!present.contains(tenant)) gone.push_back(tenant);
  }
  for (const auto& tenant : gone) drop_tenant(tenant);
  for (const auto& tenant : present) {
    if (!tenants_.try_emplace(tenant).second) continue;
    changed_tenants_.push_back(tenant);
    changes_.add(tenant, *pulsed_at_);
  }
}

// A tenant's set of buckets changes only with its change number. `bucket_opened`: read it now, do not wait for
// kDiscoverInterval.
bool PartitionOwner::list_buckets(bool bucket_opened) {
  const auto now = clock_.steady();
  std::vector<Tenant> unlisted;
  for (const auto& [tenant, of_tenant] : tenants_) {
    const bool changed = of_tenant.change != of_tenant.listed_change;
    const bool due = changed && (bucket_opened || now - of_tenant.listed_at >= kDiscoverInterval);
    if (!of_tenant.listed || due) unlisted.push_back(tenant);
  }
  if (!unlisted.empty()) {
    const auto buckets = store_.buckets(unlisted, Deadline::after(kQueueTimeout));
    if (!buckets) return failed(buckets.error()), false;
    for (std::size_t i = 0; i < unlisted.size(); ++i) {
      auto& of_tenant = tenants_.at(unlisted[i]);
      of_tenant.buckets = (*buckets)[i].known;
      of_tenant.known_buckets = (*buckets)[i].size;
      of_tenant.listed = true;
      of_tenant.listed_change = of_tenant.change;
      of_tenant.listed_at = now;
    }
  }
  for (const auto& tenant : unlisted) keep_partitions(tenant, tenants_.at(tenant).buckets);
  if (!std::exchange(acquired_, false)) return true;
  // Partitions that were just acquired have no buckets in memory.
  std::set<Tenant> fresh;
  for (const auto& [name, partition] : partitions_) {
    if (partition.lease.mine() && !partition.polled_change) fresh.insert(name.tenant);
  }
  for (const auto& tenant : fresh) keep_partitions(tenant, tenants_.at(tenant).buckets);
  return true;
}

void PartitionOwner::keep_partitions(const Tenant& tenant, const std::vector<Bucket>& buckets) {
  std::map<std::string, std::vector<Bucket>> wanted{{std::string(kMaintenancePartition), {}}};
  for (const auto& bucket : buckets) wanted[partition_of(bucket.text())].push_back(bucket);
  for (const auto& [name, of_partition] : wanted) {
    auto& partition = partitions_[{tenant, name}];
    partition.name = {tenant, name};
    if (!partition.lease.mine()) continue;
    for (const auto& bucket : of_partition) {
      const auto* rules = table_->find(bucket.mode);
      ModeRules unknown;
      unknown.id = bucket.mode;
      const bool added =
          partition.buckets
              .try_emplace(bucket.text(), bucket, rules != nullptr ? *rules : unknown, rules != nullptr, encoder_)
              .second;
      if (added) partition.polled_change.reset();
    }
    std::erase_if(partition.buckets, [&](const auto& held) {
      return std::find(of_partition.begin(), of_partition.end(), held.second.bucket()) == of_partition.end();
    });
  }
  // No ticket waits in these partitions any more. A partition is acquired again when a ticket is enqueued there.
  std::vector<std::pair<PartitionName, std::string>> unneeded;
  for (auto at = partitions_.lower_bound({tenant, {}}); at != partitions_.end() && at->first.tenant == tenant;) {
    const bool needed = wanted.contains(at->first.partition);
    if (!needed && at->second.lease.mine()) unneeded.emplace_back(at->first, at->second.lease.token());
    at = needed ? std::next(at) : partitions_.erase(at);
  }
  release(unneeded);
}

void PartitionOwner::drop_tenant(const Tenant& tenant) {
  std::vector<std::pair<PartitionName, std::string>> held;
  for (auto at = partitions_.lower_bound({tenant, {}}); at != partitions_.end() && at->first.tenant == tenant;) {
    if (at->second.lease.mine()) held.emplace_back(at->first, at->second.lease.token());
    at = partitions_.erase(at);
  }
  release(held);
  tenants_.erase(tenant);
  changes_.remove(tenant);
  removed_tenants_.push_back(tenant);
  ownership_changed_ = ownership_changed_ || !held.empty();
}

void PartitionOwner::poll_all_of_ours() {
  for (auto& [name, partition] : partitions_) {
    if (partition.lease.mine()) partition.polled_change.reset();
  }
}

// Returns the owned partitions in which something may have changed, the partitions of others whose owner may have
// stopped, and some of those that were not polled for long.
std::vector<Partition*> PartitionOwner::due() {
  const auto now = clock_.steady();
  std::vector<Partition*> due;
  int idle = 0;
  auto of_tenant = tenants_.begin();  // both maps are ordered by the tenant
  for (auto& [name, partition] : partitions_) {
    while (of_tenant->first < name.tenant) ++of_tenant;
    bool needs_poll = !partition.polled_change;
    if (!needs_poll && partition.lease.mine()) {
      needs_poll = *partition.polled_change != of_tenant->second.change ||
                   std::any_of(partition.buckets.begin(), partition.buckets.end(),
                               [](const auto& held) { return held.second.has_dead_tickets(); });
    } else if (!needs_poll) {
      needs_poll = owner_needs_a_poll(partition);
    }
    if (!needs_poll && now - partition.polled_at >= kPollInterval && idle < kMaxIdlePolls) {
      ++idle;
      needs_poll = true;
    }
    if (needs_poll) due.push_back(&partition);
  }
  return due;
}

// A token with our own address in a lease that is not ours comes from an attempt whose answer was lost. An address
// without a pulse belongs to an instance that has ended or is too old to have one: then the beat of the lease decides.
bool PartitionOwner::owner_needs_a_poll(const Partition& partition) const {
  const auto owner = address_in(partition.lease.seen_token());
  return !owner || *owner == address_ || !pulses_.known(*owner) || pulses_.gone(*owner);
}

bool PartitionOwner::may_acquire(const Partition& partition) const {
  const auto owner = address_in(partition.lease.seen_token());
  if (!owner || *owner == address_ || !pulses_.known(*owner)) return partition.lease.may_acquire();
  return !partition.lease.mine() && pulses_.gone(*owner);
}

// One walk, because every tick makes it. Between two polls, bucket time advances by the steady clock of this process.
void PartitionOwner::finish_refresh() {
  buckets_with_tickets_.clear();
  unconfirmed_ = {};
  const auto now = clock_.steady();
  const Partition* latest = nullptr;  // polled last, of the partitions of one tenant
  for (auto& [name, partition] : partitions_) {
    if (!partition.lease.mine() || partition.clock.now() == 0) continue;
    partition.clock.advance(now);
    for (auto& [text, bucket] : partition.buckets) {
      if (!bucket.pool().empty()) buckets_with_tickets_.emplace_back(&partition, &bucket);
    }
    const bool same_tenant = latest != nullptr && latest->name.tenant == name.tenant;
    if (latest != nullptr && !same_tenant) add_unconfirmed(*latest);
    if (!same_tenant || partition.polled_at > latest->polled_at) latest = &partition;
  }
  if (latest != nullptr) add_unconfirmed(*latest);
}

void PartitionOwner::add_unconfirmed(const Partition& partition) {
  if (partition.unconfirmed == 0) return;
  unconfirmed_.matches += partition.unconfirmed;
  unconfirmed_.oldest =
      std::max(unconfirmed_.oldest, Milliseconds{partition.clock.now() - partition.oldest_unconfirmed});
}

// If the release fails, the beats of the leases stop, and other instances acquire them a second later.
void PartitionOwner::release(const std::vector<std::pair<PartitionName, std::string>>& held) {
  if (held.empty()) return;
  if (const auto released = store_.release_leases(held, Deadline::after(kQueueTimeout)); !released)
    failed(released.error());
}

PollRequest PartitionOwner::request_of(const Partition& partition) const {
  PollRequest request;
  request.name = partition.name;
  request.token = partition.lease.token();
  if (!partition.lease.mine()) return request;
  request.correction = partition.clock.correction();
  request.beat = partition.clock.beat();
  for (const auto& [text, bucket] : partition.buckets) request.buckets.push_back(bucket.poll_request());
  return request;
}

std::optional<std::vector<Partition*>> PartitionOwner::poll(const std::vector<Partition*>& at) {
  std::vector<PollRequest> requests;
  requests.reserve(at.size());
  for (const auto* partition : at) requests.push_back(request_of(*partition));
  const auto sent = clock_.steady();
  const auto results = store_.poll(requests, Deadline::after(kQueueTimeout));
  if (!results) return failed(results.error()), std::nullopt;

  std::vector<Partition*> unowned;
  std::vector<FoundTicket> found;
  for (std::size_t i = 0; i < at.size(); ++i) {
    auto& partition = *at[i];
    if ((*results)[i].mine) {
      // The partition counts as owned from its first poll on (owned()), which may come long after the lease.
      ownership_changed_ = ownership_changed_ || partition.clock.now() == 0;
      partition.clock.polled((*results)[i], sent, clock_.steady());
      apply(partition, requests[i], (*results)[i], found);
      continue;
    }
    if (partition.lease.mine()) lost(partition);
    partition.polled_at = clock_.steady();
    partition.polled_change = 0;
    partition.lease.seen((*results)[i].token, (*results)[i].beat, partition.polled_at);
    if (partition.lease.mine()) {  // acquired by an attempt whose answer was lost
      partition.forget();
      acquired_ = ownership_changed_ = true;
    } else if (may_acquire(partition)) {
      unowned.push_back(&partition);
    }
  }
  if (const auto loaded = loader_.load(found); !loaded) return failed(loaded.error()), std::nullopt;
  auto again = behind(at, *results);
  if (!acquire(unowned)) return std::nullopt;
  return again;
}

// Returns the partitions of which more is to be read.
std::vector<Partition*> PartitionOwner::behind(const std::vector<Partition*>& at,
                                               const std::vector<PollResult>& results) {
  std::vector<Partition*> again;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!results[i].mine) continue;
    // A jump of the queue's clock is corrected at once, because it stamps new tickets.
    bool behind = at[i]->clock.correction() != Milliseconds{0};
    for (auto& [text, bucket] : at[i]->buckets) {
      const auto rebuilds = bucket.rebuilds();
      bucket.verify();
      if (bucket.rebuilds() != rebuilds) {
        metrics_.rebuilds.add();
        log::warning("bucket_read_anew", {{"bucket", text}});
      }
      behind = behind || !bucket.at_end();
    }
    if (!behind) {
      at[i]->clock.loaded(results[i].change);
      continue;
    }
    at[i]->polled_change.reset();
    again.push_back(at[i]);
  }
  return again;
}

void PartitionOwner::apply(Partition& partition, const PollRequest& request, const PollResult& result,
                           std::vector<FoundTicket>& found) {
  partition.polled_at = partition.clock.polled_at();
  partition.polled_change = result.change;
  partition.unconfirmed = result.unconfirmed;
  partition.oldest_unconfirmed = result.oldest_unconfirmed;
  auto& of_tenant = tenants_.at(partition.name.tenant);
  of_tenant.listed = of_tenant.listed && of_tenant.known_buckets == result.known_buckets;
  // After a jump, the next poll corrects bucket time first and reads the same entries again. Times that were corrected
  // now would be wrong for another owner, if this instance ended before that poll.
  if (partition.clock.correction() != Milliseconds{0}) return;
  for (std::size_t i = 0; i < request.buckets.size() && i < result.buckets.size(); ++i) {
    auto& bucket = partition.buckets.at(request.buckets[i].bucket);
    for (const auto& ticket : bucket.read(request.buckets[i], result.buckets[i], result.change)) {
      found.push_back({&partition, &bucket, ticket});
    }
  }
}

bool PartitionOwner::acquire(const std::vector<Partition*>& unowned) {
  if (unowned.empty()) return true;
  std::vector<LeaseRequest> requests;
  for (auto* partition : unowned) {
    const auto fresh = lease_identifier(address_, ++attempts_);
    partition->lease.attempt(fresh);
    requests.push_back({partition->name, partition->lease.seen_token(), partition->lease.seen_beat(), fresh});
  }
  const auto acquired = store_.acquire_leases(requests, Deadline::after(kQueueTimeout));
  if (!acquired) return failed(acquired.error()), false;
  for (std::size_t i = 0; i < unowned.size(); ++i) {
    if (!(*acquired)[i].acquired) continue;
    auto& partition = *unowned[i];
    partition.forget();
    partition.lease.acquired((*acquired)[i].token);
    metrics_.takeovers.add();
    log::info("partition_taken", {{"tenant", partition.name.tenant},
                                  {"partition", partition.name.partition},
                                  {"token", partition.lease.token()},
                                  {"from", partition.lease.seen_token()}});
    acquired_ = ownership_changed_ = true;
  }
  return true;
}

std::vector<Partition*> PartitionOwner::owned() {
  std::vector<Partition*> owned;
  for (auto& [name, partition] : partitions_) {
    if (partition.lease.mine() && partition.clock.now() > 0) owned.push_back(&partition);
  }
  return owned;
}

std::optional<PartitionOwner::OwnedBucket> PartitionOwner::find(const Bucket& bucket) const {
  const auto text = bucket.text();
  const auto partition = partitions_.find({bucket.tenant, partition_of(text)});
  if (partition == partitions_.end() || !partition->second.lease.mine()) return std::nullopt;
  const auto held = partition->second.buckets.find(text);
  if (held == partition->second.buckets.end() || !held->second.complete()) return std::nullopt;
  return OwnedBucket{&partition->second, &held->second};
}

void PartitionOwner::lost(Partition& partition) {
  log::warning("partition_lost", {{"tenant", partition.name.tenant}, {"partition", partition.name.partition}});
  partition.lease.released();
  partition.forget();
  ownership_changed_ = true;
}

void PartitionOwner::hand_over() {
  std::vector<std::pair<PartitionName, std::string>> held;
  for (auto& [name, partition] : partitions_) {
    if (partition.lease.mine()) held.emplace_back(name, partition.lease.token());
    partition.lease.released();
    partition.forget();
  }
  if (held.empty()) return;
  ownership_changed_ = true;
  log::info("partitions_handed_over", {{"partitions", held.size()}});
  release(held);
  // Removing our pulse lets others take over without waiting until it has stood still for long enough.
  if (const auto gone = store_.forget_pulses({address_}, Deadline::after(kQueueTimeout)); !gone) failed(gone.error());
}

void PartitionOwner::failed(const storage::RedisError& error) {
  for (auto& [name, partition] : partitions_) partition.lease.missed();
  pulses_.missed();
  poll_all_of_ours();
  if (reachable_) log::warning("queue_unreachable", {{"error", error.text}});
  reachable_ = false;
}

}  // namespace mm::matchmaker
