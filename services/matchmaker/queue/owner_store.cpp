#include "services/matchmaker/queue/owner_store.h"

#include <algorithm>

#include "common/contracts/matchmaker.h"
#include "common/wire/codec.h"
#include "services/matchmaker/queue/keys.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/queue/scripts.h"

namespace mm::matchmaker {

using storage::RedisCommand;
using storage::RedisReply;
using storage::RedisResult;

namespace {

constexpr std::size_t kSweepBatch = 500;
constexpr std::size_t kMaxKeysPerRead = 1'000;
/// The epochs of a generation lie between its number times this and the next one's, so those of a later generation are
/// greater, whatever the queue has lost.
constexpr std::int64_t kEpochsPerGeneration = 1'000'000'000;

RedisCommand script(const storage::Script& script, const Tenant& tenant, storage::Arguments arguments) {
  return {std::move(arguments), &script, {prefix_of(tenant)}};
}

std::string text_at(const RedisReply& reply, std::size_t index) {
  return index < reply.items.size() ? reply.items[index].text : std::string();
}

std::int64_t integer_at(const RedisReply& reply, std::size_t index) {
  return index < reply.items.size() ? reply.items[index].integer : 0;
}

std::vector<Tenant> tenants_in(const RedisReply& reply) {
  std::vector<Tenant> tenants;
  for (const auto& entry : reply.items) {
    if (auto tenant = Tenant::parse(entry.text)) tenants.push_back(std::move(*tenant));
  }
  return tenants;
}

RedisCommand poll_command(const PollRequest& request) {
  storage::Arguments arguments{request.name.partition, request.token, std::to_string(request.correction.count()),
                               std::to_string(request.beat), std::to_string(kEntriesPerPoll)};
  for (const auto& bucket : request.buckets) {
    arguments.push_back(bucket.bucket);
    arguments.push_back(std::to_string(bucket.cursor));
    arguments.push_back(std::to_string(bucket.dead.size()));
    for (const auto& ticket : bucket.dead) arguments.push_back(ticket.to_string());
  }
  return script(scripts::kPoll, request.name.tenant, std::move(arguments));
}

BucketRead parse_read(const RedisReply& reply) {
  BucketRead read;
  read.size = integer_at(reply, 0);
  if (reply.items.size() < 2) return read;
  const auto& pairs = reply.items[1].items;
  read.entries.reserve(pairs.size() / 2);
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    if (const auto id = TicketId::parse(pairs[i].text)) read.entries.push_back({*id, integer_of(pairs[i + 1].text)});
  }
  return read;
}

PollResult parse_poll(const RedisReply& reply) {
  PollResult result;
  result.mine = integer_at(reply, 0) == 1;
  if (!result.mine) {
    result.token = text_at(reply, 1);
    result.beat = text_at(reply, 2);
    return result;
  }
  result.own_beat = integer_at(reply, 1);
  result.now = integer_at(reply, 2);
  result.change = integer_at(reply, 3);
  result.known_buckets = integer_at(reply, 4);
  if (reply.items.size() > 5) {
    for (const auto& read : reply.items[5].items) result.buckets.push_back(parse_read(read));
  }
  result.unconfirmed = integer_at(reply, 6);
  result.oldest_unconfirmed = integer_of(text_at(reply, 7));
  return result;
}

CommitResult parse_commit(const RedisReply& reply) {
  using Kind = CommitResult::Kind;
  CommitResult result;
  const auto word = text_at(reply, 0);
  if (word == "ok") result.kind = Kind::ok;
  if (word == "lost") result.kind = Kind::lost;
  if (word == "refused") {
    result.kind = Kind::refused;
    if (const auto id = TicketId::parse(text_at(reply, 1))) result.ticket = *id;
    result.state = state_named(text_at(reply, 2));
    result.attempt = static_cast<int>(integer_of(text_at(reply, 3)));
    result.change = integer_of(text_at(reply, 4));
  }
  return result;
}

ExpireResult parse_expire(const RedisReply& reply) {
  const auto word = text_at(reply, 0);
  if (word == "ended") return ExpireResult::ended;
  if (word == "early") return ExpireResult::early;
  if (word == "lost") return ExpireResult::lost;
  return reply.kind == RedisReply::Kind::error || word.empty() ? ExpireResult::failed : ExpireResult::gone;
}

}  // namespace

// One MGET for all tenants, instead of a poll per tenant, makes idle tenants cheap: some 0.3 ms for a thousand of them.
// It is the only command here that reads keys of many slots; a Redis cluster would need one MGET per node.
PulseQuery::PulseQuery(Uuid address, std::vector<Tenant> tenants)
    : commands_{GenerationStore::read_command(),
                {{"HINCRBY", kPulsesKey, address.to_string(), "1"}, nullptr, {}},
                {{"HGETALL", kPulsesKey}, nullptr, {}}},
      tenants_(std::move(tenants)) {
  for (std::size_t i = 0; i < tenants_.size(); i += kMaxKeysPerRead) {
    storage::Arguments arguments{"MGET"};
    const auto end = std::min(tenants_.size(), i + kMaxKeysPerRead);
    for (std::size_t t = i; t < end; ++t) arguments.push_back(key_of(tenants_[t], "change"));
    commands_.push_back({std::move(arguments), nullptr, {}});
  }
}

void OwnerStore::use(const VerifiedQueue& queue) {
  queue_ = queue;
  highest_epoch_ = std::max(highest_epoch_, queue.number * kEpochsPerGeneration);
}

// An emptied queue has lost the last epoch. Until the next pulse notices, this instance must not acquire a lease with a
// lower epoch than before.
void OwnerStore::saw_epoch(std::string_view token) {
  highest_epoch_ = std::max(highest_epoch_, integer_of(token.substr(0, token.find(':'))));
}

RedisResult<PulseRead> OwnerStore::pulse(const PulseQuery& query, Deadline deadline) {
  auto replies = redis_.pipeline(query.commands_, deadline);
  if (!replies) return fail(std::move(replies).error());
  for (const auto& reply : *replies) {
    if (reply.kind == RedisReply::Kind::error) return fail(storage::RedisError{true, reply.text});
  }
  PulseRead read;
  auto generation = GenerationStore::parse(replies->front());
  if (!generation) return fail(generation.error());
  read.generation = *std::move(generation);
  const auto& numbers = (*replies)[2].items;
  for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
    if (const auto id = Uuid::parse(numbers[i].text)) read.pulses[*id] = integer_of(numbers[i + 1].text);
  }
  read.changes.reserve(query.tenants_.size());
  for (std::size_t i = 3; i < replies->size(); ++i) {
    for (const auto& change : (*replies)[i].items) read.changes.push_back(integer_of(change.text));
  }
  read.changes.resize(query.tenants_.size());
  return read;
}

RedisResult<std::vector<Tenant>> OwnerStore::tenants(Deadline deadline) {
  auto reply = redis_.command({"SMEMBERS", kTenantsKey}, deadline);
  if (!reply) return fail(std::move(reply).error());
  return tenants_in(*reply);
}

RedisResult<Done> OwnerStore::forget_pulses(const std::vector<Uuid>& addresses, Deadline deadline) {
  if (addresses.empty()) return Done{};
  storage::Arguments arguments{"HDEL", kPulsesKey};
  for (const auto& address : addresses) arguments.push_back(address.to_string());
  auto reply = redis_.command(std::move(arguments), deadline);
  if (!reply) return fail(std::move(reply).error());
  return Done{};
}

RedisResult<std::vector<OwnerStore::Buckets>> OwnerStore::buckets(const std::vector<Tenant>& tenants,
                                                                  Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& tenant : tenants) commands.push_back({{"SMEMBERS", key_of(tenant, "buckets")}, nullptr, {}});
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<Buckets> buckets(tenants.size());
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    buckets[i].size = static_cast<std::int64_t>((*replies)[i].items.size());
    for (const auto& entry : (*replies)[i].items) {
      auto bucket = Bucket::parse(entry.text);
      if (bucket && bucket->tenant == tenants[i]) buckets[i].known.push_back(std::move(*bucket));
    }
  }
  return buckets;
}

RedisResult<std::vector<PollResult>> OwnerStore::poll(const std::vector<PollRequest>& requests, Deadline deadline) {
  std::vector<RedisCommand> commands;
  commands.reserve(requests.size());
  for (const auto& request : requests) commands.push_back(poll_command(request));
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<PollResult> results;
  results.reserve(replies->size());
  for (const auto& reply : *replies) {
    if (reply.kind == RedisReply::Kind::error) return fail(storage::RedisError{true, reply.text});
    results.push_back(parse_poll(reply));
    saw_epoch(results.back().token);
  }
  return results;
}

RedisResult<std::vector<TicketRecord>> OwnerStore::load(const std::vector<std::pair<Tenant, TicketId>>& tickets,
                                                        Deadline deadline) {
  const auto& fields = planned_fields();
  std::vector<RedisCommand> commands;
  commands.reserve(tickets.size());
  for (const auto& [tenant, id] : tickets) {
    storage::Arguments arguments{"HMGET", ticket_key(tenant, id.to_string())};
    arguments.insert(arguments.end(), fields.begin(), fields.end());
    commands.push_back({std::move(arguments), nullptr, {}});
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<TicketRecord> loaded(tickets.size());
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    const auto& values = (*replies)[i].items;
    loaded[i].id = tickets[i].second;
    for (std::size_t f = 0; f < fields.size() && f < values.size(); ++f) {
      if (!values[f].is_nil()) assign_field(loaded[i], fields[f], values[f].text);
    }
  }
  return loaded;
}

RedisResult<std::vector<LeaseResult>> OwnerStore::acquire_leases(const std::vector<LeaseRequest>& requests,
                                                                 Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& request : requests) {
    commands.push_back(script(scripts::kTakeLease, request.name.tenant,
                              {queue_.run, request.name.partition, request.token, request.beat, request.fresh,
                               std::to_string(highest_epoch_)}));
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<LeaseResult> results;
  for (const auto& reply : *replies) {
    results.push_back({integer_at(reply, 0) == 1, text_at(reply, 1)});
    saw_epoch(results.back().token);
  }
  return results;
}

RedisResult<Done> OwnerStore::release_leases(const std::vector<std::pair<PartitionName, std::string>>& held,
                                             Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& [name, token] : held) {
    commands.push_back(script(scripts::kReleaseLease, name.tenant, {name.partition, token}));
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  return Done{};
}

RedisResult<OwnerStore::Decided> OwnerStore::decide(const std::vector<CommitRequest>& commits,
                                                    const std::vector<ExpireRequest>& expired, Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& request : expired) {
    commands.push_back(script(scripts::kEnd, request.name.tenant,
                              {request.ticket.to_string(), "timed_out", request.name.partition, request.token}));
  }
  for (const auto& request : commits) {
    storage::Arguments arguments{queue_.run,
                                 request.name.partition,
                                 request.token,
                                 request.bucket,
                                 request.found.match_id.to_string(),
                                 wire::encode(request.found)};
    for (const auto& seat : request.seats) {
      arguments.push_back(seat.ticket.to_string());
      arguments.push_back(std::to_string(seat.attempt));
    }
    commands.push_back(script(scripts::kCommit, request.name.tenant, std::move(arguments)));
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  Decided decided;
  for (std::size_t i = 0; i < replies->size(); ++i) {
    if (i < expired.size()) decided.expired.push_back(parse_expire((*replies)[i]));
    else decided.commits.push_back(parse_commit((*replies)[i]));
  }
  return decided;
}

RedisResult<Done> OwnerStore::restamp(const std::vector<RestampRequest>& requests, Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& request : requests) {
    commands.push_back(script(scripts::kRestamp, request.name.tenant,
                              {request.name.partition, request.token, request.ticket.to_string(),
                               std::to_string(request.attempt), std::to_string(request.by.count())}));
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  return Done{};
}

RedisResult<Done> OwnerStore::write_summaries(const std::vector<BucketSummary>& summaries, Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& summary : summaries) {
    const Bucket bucket{summary.tenant, summary.mode, summary.region, summary.team_size};
    commands.push_back({{"HSET", key_of(summary.tenant, "stats"), bucket.text(), wire::encode(summary)}, nullptr, {}});
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  return Done{};
}

RedisResult<Done> OwnerStore::retire(const std::vector<BucketOwned>& buckets, Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& one : buckets) {
    commands.push_back(script(scripts::kRetireBucket, one.name.tenant, {one.name.partition, one.token, one.bucket}));
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  return Done{};
}

RedisResult<std::int64_t> OwnerStore::sweep(const PartitionName& name, const std::string& token, TimePoint now,
                                            Deadline deadline) {
  auto reply = redis_.eval(scripts::kSweep, {prefix_of(name.tenant)},
                           {name.partition, token, std::to_string(kEndedRetention.count()), std::to_string(kSweepBatch),
                            std::to_string(kSentRetention.count()), std::to_string(now.time_since_epoch().count())},
                           deadline);
  if (!reply) return fail(std::move(reply).error());
  return reply->integer;
}

}  // namespace mm::matchmaker
