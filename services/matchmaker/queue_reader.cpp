#include "services/matchmaker/queue_reader.h"

#include <algorithm>
#include <utility>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kAnswer{500};
constexpr Milliseconds kDiscoverEvery{1'000};
/// Rounds of reading in one tick; what is left is read in the next one.
constexpr int kRounds = 25;

}  // namespace

void Partition::forget() {
  buckets.clear();
  now = 0;
  before = 0;
}

QueueReader::QueueReader(TickStore& store, const runtime::LiveModes& modes, const Clock& clock, Metrics& metrics,
                         Uuid address, recording::Tape* tape)
    : store_(store),
      modes_(modes),
      table_version_(modes.version()),
      table_(modes.now()),
      clock_(clock),
      metrics_(metrics),
      address_(address),
      tape_(tape) {}

// The version is asked for first: a table that comes in between is found at the next tick.
void QueueReader::follow_modes() {
  const auto version = modes_.version();
  if (version == table_version_) return;
  table_version_ = version;
  const auto before = std::exchange(table_, modes_.now());
  for (const auto& mode : runtime::changed_modes(*before, *table_)) {
    const auto* rules = table_->find(mode);
    for (auto& [name, partition] : partitions_) {
      for (auto& [text, bucket] : partition.buckets) {
        if (bucket.bucket().mode != mode) continue;
        bucket.take_rules(rules != nullptr ? *rules : bucket.rules(), rules != nullptr);
        changed_.push_back(text);
      }
    }
  }
}

bool QueueReader::refresh(bool asked) {
  follow_modes();
  const bool due = !discovered_at_ || clock_.steady() - *discovered_at_ >= kDiscoverEvery;
  if ((asked || due || stale_) && !discover()) return false;
  bool rediscovered = false;
  auto at = all();
  for (int round = 0; round < kRounds && !at.empty(); ++round) {
    auto again = look(at);
    if (!again) return false;
    at = std::move(*again);
    // What is new to us has buckets to be found; and when somebody has just opened one, its first tickets should not
    // wait for the next tick.
    if (!std::exchange(taken_, false) && (!stale_ || rediscovered)) continue;
    rediscovered = true;
    if (!discover()) return false;
    at = all();
  }
  reachable_ = true;
  return true;
}

std::vector<Partition*> QueueReader::all() {
  std::vector<Partition*> all;
  for (auto& [name, partition] : partitions_) all.push_back(&partition);
  return all;
}

bool QueueReader::discover() {
  const auto tenants = store_.tenants(Deadline::after(kAnswer));
  if (!tenants) return failed(tenants.error()), false;
  const auto buckets = store_.buckets(*tenants, Deadline::after(kAnswer));
  if (!buckets) return failed(buckets.error()), false;
  std::map<PartitionName, std::vector<Bucket>> wanted;
  known_buckets_.clear();
  for (std::size_t i = 0; i < tenants->size(); ++i) {
    const auto& tenant = (*tenants)[i];
    wanted[{tenant, std::string(kHousePartition)}];
    const auto& of_tenant = (*buckets)[i];
    for (const auto& bucket : of_tenant.known) wanted[{tenant, partition_of(bucket.text())}].push_back(bucket);
    known_buckets_[tenant] = of_tenant.size;
  }
  keep_partitions(wanted);
  discovered_at_ = clock_.steady();
  stale_ = false;
  return true;
}

void QueueReader::keep_partitions(const std::map<PartitionName, std::vector<Bucket>>& wanted) {
  for (const auto& [name, buckets] : wanted) {
    auto& partition = partitions_[name];
    partition.name = name;
    if (!partition.lease.mine()) continue;
    for (const auto& bucket : buckets) {
      const auto* rules = table_->find(bucket.mode);
      ModeRules unknown;
      unknown.id = bucket.mode;
      partition.buckets.try_emplace(bucket.text(), bucket, rules != nullptr ? *rules : unknown, rules != nullptr,
                                    tape_);
    }
    std::erase_if(partition.buckets, [&](const auto& held) {
      return std::find(buckets.begin(), buckets.end(), held.second.bucket()) == buckets.end();
    });
  }
  // Nothing waits there any more: it is taken again when something does.
  std::vector<std::pair<PartitionName, std::string>> unneeded;
  for (const auto& [name, partition] : partitions_) {
    if (!wanted.contains(name) && partition.lease.mine()) unneeded.emplace_back(name, partition.lease.token());
  }
  release(unneeded);
  std::erase_if(partitions_, [&](const auto& held) { return !wanted.contains(held.first); });
}

// If the queue does not hear it, the leases stand still and are taken over a second later.
void QueueReader::release(const std::vector<std::pair<PartitionName, std::string>>& held) {
  if (held.empty()) return;
  if (const auto released = store_.release_leases(held, Deadline::after(kAnswer)); !released) failed(released.error());
}

PollAsk QueueReader::ask_of(const Partition& partition) const {
  PollAsk ask;
  ask.name = partition.name;
  ask.token = partition.lease.token();
  if (!partition.lease.mine()) return ask;
  if (partition.now > 0) {
    ask.expected =
        partition.now + std::chrono::duration_cast<Milliseconds>(clock_.steady() - partition.looked_at).count();
  }
  for (const auto& [text, bucket] : partition.buckets) ask.buckets.push_back(bucket.ask());
  return ask;
}

std::optional<std::vector<Partition*>> QueueReader::look(const std::vector<Partition*>& at) {
  std::vector<PollAsk> asks;
  asks.reserve(at.size());
  for (const auto* partition : at) asks.push_back(ask_of(*partition));
  const auto looks = store_.poll(asks, Deadline::after(kAnswer));
  if (!looks) return failed(looks.error()), std::nullopt;

  std::vector<Partition*> again;
  std::vector<Partition*> free;
  std::vector<Unloaded> unloaded;
  for (std::size_t i = 0; i < at.size(); ++i) {
    auto& partition = *at[i];
    if ((*looks)[i].mine) {
      apply(partition, asks[i], (*looks)[i], unloaded);
      continue;
    }
    if (partition.lease.mine()) lost(partition);
    partition.lease.seen((*looks)[i].token, (*looks)[i].beat, clock_.steady());
    taken_ = taken_ || partition.lease.mine();  // by an attempt whose answer was lost
    if (partition.lease.may_take()) free.push_back(&partition);
  }
  if (!load(unloaded)) return std::nullopt;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!(*looks)[i].mine) continue;
    bool behind = false;
    for (auto& [text, bucket] : at[i]->buckets) {
      const auto rebuilds = bucket.rebuilds();
      bucket.verify();
      if (bucket.rebuilds() != rebuilds) {
        metrics_.rebuilds.add();
        log::warning("bucket_read_anew", {{"bucket", text}});
      }
      behind = behind || !bucket.at_end();
    }
    if (behind) again.push_back(at[i]);
  }
  if (!take(free)) return std::nullopt;
  return again;
}

void QueueReader::apply(Partition& partition, const PollAsk& ask, const Look& look, std::vector<Unloaded>& unloaded) {
  partition.before = partition.now;
  partition.now = std::max(partition.now, look.now);
  partition.looked_at = clock_.steady();
  if (const auto known = known_buckets_.find(partition.name.tenant);
      known == known_buckets_.end() || known->second != look.known_buckets) {
    stale_ = true;
  }
  for (std::size_t i = 0; i < ask.buckets.size() && i < look.buckets.size(); ++i) {
    auto& bucket = partition.buckets.at(ask.buckets[i].bucket);
    const bool fresh = bucket.complete() && partition.before > 0;
    for (const auto& ticket : bucket.read(ask.buckets[i], look.buckets[i], look.change)) {
      unloaded.push_back({&partition, &bucket, ticket, fresh});
    }
  }
}

bool QueueReader::load(const std::vector<Unloaded>& unloaded) {
  if (unloaded.empty()) return true;
  std::vector<std::pair<Tenant, TicketId>> tickets;
  tickets.reserve(unloaded.size());
  for (const auto& one : unloaded) tickets.emplace_back(one.partition->name.tenant, one.ticket);
  auto loaded = store_.load(tickets, Deadline::after(kAnswer));
  if (!loaded) {
    // The cursors have passed these tickets: what was not loaded must be read again.
    for (const auto& one : unloaded) one.bucket->start_over();
    return failed(loaded.error()), false;
  }
  std::vector<RestampAsk> corrections;
  for (std::size_t i = 0; i < unloaded.size(); ++i) {
    auto& ticket = (*loaded)[i];
    if (auto correction = correct(unloaded[i], ticket)) corrections.push_back(std::move(*correction));
    unloaded[i].bucket->put(ticket);
  }
  if (corrections.empty()) return true;
  metrics_.clock_jumps.add(static_cast<double>(corrections.size()));
  log::warning("tickets_restamped", {{"tickets", corrections.size()}});
  const auto restamped = store_.restamp(corrections, Deadline::after(kAnswer));
  if (!restamped) return failed(restamped.error()), false;
  return true;
}

// A ticket that came since the look before cannot have waited longer than that, nor can it come from the future: it
// was stamped by a clock that had jumped, before the look that noticed.
std::optional<RestampAsk> QueueReader::correct(const Unloaded& at, QueueTicket& ticket) const {
  if (ticket.state != TicketState::queued || ticket.first_bucket != at.bucket->text()) return std::nullopt;
  const auto now = at.partition->now;
  const bool from_the_future = ticket.queued_at > now + kClockTolerance.count();
  const bool too_old = at.fresh && ticket.attempt == 1 &&
                       ticket.queued_at < at.partition->before - kClockTolerance.count();
  if (!from_the_future && !too_old) return std::nullopt;
  const Milliseconds by{now - ticket.queued_at};
  ticket.queued_at += by.count();
  ticket.deadline += by.count();
  return RestampAsk{at.partition->name, at.partition->lease.token(), ticket.id, ticket.attempt, by};
}

bool QueueReader::take(const std::vector<Partition*>& free) {
  if (free.empty()) return true;
  std::vector<LeaseAsk> asks;
  for (auto* partition : free) {
    const auto fresh = lease_identifier(address_, ++attempts_);
    partition->lease.attempt(fresh);
    asks.push_back({partition->name, partition->lease.seen_token(), partition->lease.seen_beat(), fresh});
  }
  const auto taken = store_.take_leases(asks, Deadline::after(kAnswer));
  if (!taken) return failed(taken.error()), false;
  for (std::size_t i = 0; i < free.size(); ++i) {
    if (!(*taken)[i].taken) continue;
    auto& partition = *free[i];
    partition.forget();
    partition.lease.taken((*taken)[i].token);
    metrics_.takeovers.add();
    log::info("partition_taken", {{"tenant", partition.name.tenant}, {"partition", partition.name.partition},
                                  {"token", partition.lease.token()}, {"from", partition.lease.seen_token()}});
    taken_ = true;
  }
  return true;
}

std::vector<Partition*> QueueReader::owned() {
  std::vector<Partition*> owned;
  for (auto& [name, partition] : partitions_) {
    if (partition.lease.mine() && partition.now > 0) owned.push_back(&partition);
  }
  return owned;
}

std::optional<QueueReader::Held> QueueReader::find(const Bucket& bucket) const {
  const auto text = bucket.text();
  const auto partition = partitions_.find({bucket.tenant, partition_of(text)});
  if (partition == partitions_.end() || !partition->second.lease.mine()) return std::nullopt;
  const auto held = partition->second.buckets.find(text);
  if (held == partition->second.buckets.end() || !held->second.complete()) return std::nullopt;
  return Held{&partition->second, &held->second};
}

void QueueReader::lost(Partition& partition) {
  log::warning("partition_lost", {{"tenant", partition.name.tenant}, {"partition", partition.name.partition}});
  partition.lease.given_up();
  partition.forget();
}

void QueueReader::hand_over() {
  std::vector<std::pair<PartitionName, std::string>> held;
  for (auto& [name, partition] : partitions_) {
    if (partition.lease.mine()) held.emplace_back(name, partition.lease.token());
    partition.lease.given_up();
    partition.forget();
  }
  if (held.empty()) return;
  log::info("partitions_handed_over", {{"partitions", held.size()}});
  release(held);
}

void QueueReader::failed(const storage::RedisError& error) {
  for (auto& [name, partition] : partitions_) partition.lease.missed();
  if (reachable_) log::warning("queue_unreachable", {{"error", error.text}});
  reachable_ = false;
}

}  // namespace mm::matchmaker
