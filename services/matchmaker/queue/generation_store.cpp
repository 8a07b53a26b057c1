#include "services/matchmaker/queue/generation_store.h"

#include <algorithm>

#include "common/wire/codec.h"
#include "services/matchmaker/queue/keys.h"
#include "services/matchmaker/queue/scripts.h"
#include "services/matchmaker/queue/ticket_record.h"

namespace mm::matchmaker {

using storage::RedisCommand;
using storage::RedisReply;
using storage::RedisResult;

namespace {

/// Matches restored by one round trip: some 10 ms of the queue's time.
constexpr std::size_t kRestoreBatch = 100;
/// Tickets that one round trip looks at: some 50 ms of the queue's time.
constexpr std::int64_t kEntriesPerBucket = 250;
constexpr std::size_t kBucketsPerRound = 4;

Failure<storage::RedisError> unexpected(const RedisReply& reply) {
  return fail(
      storage::RedisError{true, reply.kind == RedisReply::Kind::error ? reply.text : "unexpected answer of a script"});
}

/// Id, number and mark from this place on; none if they are empty.
std::optional<QueueGeneration> generation_at(const RedisReply& reply, std::size_t place) {
  const auto id = GenerationId::parse(reply.items[place].text);
  if (!id) return std::nullopt;
  return QueueGeneration{*id, integer_of(reply.items[place + 1].text), integer_of(reply.items[place + 2].text)};
}

}  // namespace

RedisCommand GenerationStore::read_command() { return {{}, &scripts::kReadGeneration, {kGenerationKey}}; }

RedisResult<GenerationRead> GenerationStore::parse(const RedisReply& reply) {
  if (reply.items.size() < 5) return unexpected(reply);
  GenerationRead read;
  read.run = reply.items[0].text;
  read.verified_run = reply.items[1].text;
  read.generation = generation_at(reply, 2);
  return read;
}

RedisResult<GenerationRead> GenerationStore::read(Deadline deadline) {
  const auto reply = redis_.eval(scripts::kReadGeneration, {kGenerationKey}, {}, deadline);
  if (!reply) return fail(reply.error());
  return parse(*reply);
}

RedisResult<GenerationStore::Verification> GenerationStore::begin_verification(GenerationId fresh, Deadline deadline) {
  const auto reply = redis_.eval(scripts::kBeginVerification, {kGenerationKey}, {fresh.to_string()}, deadline);
  if (!reply) return fail(reply.error());
  const auto id = reply->items.size() == 6 ? GenerationId::parse(reply->items[2].text) : std::nullopt;
  if (!id) return unexpected(*reply);
  return Verification{reply->items[0].text, integer_of(reply->items[1].text), *id, generation_at(*reply, 3)};
}

RedisResult<bool> GenerationStore::is_open(const Verification& verification, Deadline deadline) {
  const auto next_id = redis_.command({"HGET", kGenerationKey, "next_id"}, deadline);
  if (!next_id) return fail(next_id.error());
  return next_id->text == verification.next_id.to_string();
}

RedisResult<bool> GenerationStore::adopt(const Verification& verification, const QueueGeneration& generation,
                                         Deadline deadline) {
  const auto reply = redis_.eval(scripts::kAdoptGeneration, {kGenerationKey},
                                 {verification.run, verification.next_id.to_string(), generation.id.to_string(),
                                  std::to_string(generation.number), std::to_string(generation.mark)},
                                 deadline);
  if (!reply) return fail(reply.error());
  return reply->integer == 1;
}

RedisResult<bool> GenerationStore::raise_mark(const QueueGeneration& generation, Deadline deadline) {
  const auto reply = redis_.eval(scripts::kRaiseMark, {kGenerationKey},
                                 {generation.id.to_string(), std::to_string(generation.mark)}, deadline);
  if (!reply) return fail(reply.error());
  return reply->integer == 1;
}

RedisResult<std::int64_t> GenerationStore::restore(const std::vector<MatchFound>& matches, Deadline deadline) {
  std::int64_t restored = 0;
  for (std::size_t from = 0; from < matches.size(); from += kRestoreBatch) {
    std::vector<RedisCommand> commands;
    for (std::size_t i = from; i < std::min(matches.size(), from + kRestoreBatch); ++i) {
      // The set of tenants is in another slot. Without an entry, no owner would look after the match.
      commands.push_back({{"SADD", kTenantsKey, matches[i].tenant.str()}, nullptr, {}});
      commands.push_back({{matches[i].match_id.to_string(), wire::encode(matches[i])},
                          &scripts::kRestoreMatch,
                          {prefix_of(matches[i].tenant)}});
    }
    const auto replies = redis_.pipeline(commands, deadline);
    if (!replies) return fail(replies.error());
    for (std::size_t i = 0; i < replies->size(); ++i) {
      const auto& reply = (*replies)[i];
      if (reply.kind == RedisReply::Kind::error) return unexpected(reply);
      if (!reply.items.empty() && reply.items[0].text == "restored") ++restored;
    }
  }
  return restored;
}

RedisResult<GenerationStore::Cursors> GenerationStore::begin_reset(const Tenant& tenant, BucketMs before,
                                                                   Deadline deadline) {
  const auto replies = redis_.pipeline({{{"SET", key_of(tenant, "reset"), std::to_string(before)}, nullptr, {}},
                                        {{"SMEMBERS", key_of(tenant, "buckets")}, nullptr, {}}},
                                       deadline);
  if (!replies) return fail(replies.error());
  for (const auto& reply : *replies) {
    if (reply.kind == RedisReply::Kind::error) return unexpected(reply);
  }
  Cursors cursors;
  for (const auto& entry : replies->back().items) cursors.emplace(entry.text, 0);
  return cursors;
}

RedisResult<Done> GenerationStore::end_old_tickets(const Tenant& tenant, BucketMs before, Cursors& cursors,
                                                   Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& [bucket, cursor] : cursors) {
    if (commands.size() == kBucketsPerRound) break;
    commands.push_back({{bucket, std::to_string(before), std::to_string(cursor), std::to_string(kEntriesPerBucket)},
                        &scripts::kEndOldTickets,
                        {prefix_of(tenant)}});
  }
  const auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(replies.error());
  auto cursor = cursors.begin();
  for (const auto& reply : *replies) {
    if (reply.items.size() < 2) return unexpected(reply);
    cursor->second = integer_of(reply.items[1].text);
    cursor = reply.items[0].integer < kEntriesPerBucket ? cursors.erase(cursor) : std::next(cursor);
  }
  return Done{};
}

}  // namespace mm::matchmaker
