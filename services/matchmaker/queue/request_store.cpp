#include "services/matchmaker/queue/request_store.h"

#include <algorithm>
#include <array>

#include "common/wire/codec.h"
#include "services/matchmaker/queue/keys.h"
#include "services/matchmaker/queue/scripts.h"

namespace mm::matchmaker {

using storage::RedisCommand;
using storage::RedisReply;
using storage::RedisResult;

namespace {

/// A match of 16 teams of 100 players has some 10,000 JSON values.
constexpr json::ReadLimits kLargestMatch{limits::kMaxJsonDepth, 100'000};

/// The first word of a script's reply; empty if the reply is an error.
std::string_view first_word(const RedisReply& reply) {
  return reply.items.empty() ? std::string_view{} : std::string_view(reply.items[0].text);
}

std::string_view item(const RedisReply& reply, std::size_t index) {
  return index < reply.items.size() ? std::string_view(reply.items[index].text) : std::string_view{};
}

/// The age of an id in ms. An id that does not say when it was issued counts as new.
std::string age_text(const Uuid& id, TimePoint now) {
  return std::to_string(id.version() == 7 ? std::max((now - id.issued_at()).count(), std::int64_t{0}) : 0);
}

std::string answer_text(const FirstAnswer& answer) {
  return number_text(answer.p50_seconds) + '|' + number_text(answer.p90_seconds) + '|' + number_text(answer.window);
}

FirstAnswer parse_answer(std::string_view text) {
  std::array<std::string_view, 4> parts;
  for (auto& part : parts) {
    const auto bar = text.find('|');
    part = text.substr(0, bar);
    text = bar == std::string_view::npos ? std::string_view{} : text.substr(bar + 1);
  }
  return {integer_of(parts[0]), real_of(parts[1]), real_of(parts[2]), real_of(parts[3])};
}

Claim parse_claim(std::string_view player, std::string_view holder) {
  Claim claim;
  if (const auto id = PlayerId::parse(player)) claim.player = *id;
  if (holder.starts_with("t:")) claim.ticket = TicketId::parse(holder.substr(2));
  if (holder.starts_with("m:")) claim.match = MatchId::parse(holder.substr(2));
  return claim;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) {
    if (!text.empty()) text += ',';
    text += part;
  }
  return text;
}

EnqueueResult parse_enqueue(const RedisReply& reply) {
  using Kind = EnqueueResult::Kind;
  EnqueueResult result;
  const auto word = first_word(reply);
  if (word == "queued" || word == "same") {
    result.kind = word == "same" ? Kind::same : Kind::queued;
    result.answer = parse_answer(item(reply, 1));
    result.new_bucket = reply.items.size() > 2 && reply.items[2].integer > 0;
  } else if (word == "conflict") {
    result.kind = Kind::conflict;
  } else if (word == "expired") {
    result.kind = Kind::expired;
  } else if (word == "party_changed") {
    result.kind = Kind::party_changed;
  } else if (word == "in_party") {
    result.kind = Kind::in_party;
    result.claim = parse_claim(item(reply, 1), {});
  } else if (word == "full" || reply.text.starts_with("OOM")) {
    result.kind = Kind::full;
  } else if (word == "claimed") {
    result.kind = Kind::claimed;
    result.claim = parse_claim(item(reply, 1), item(reply, 2));
  }
  return result;
}

std::optional<MatchFound> decode_found(std::string_view text) {
  auto found = wire::decode<MatchFound>(text, wire::Unknown::ignored, kLargestMatch);
  if (!found) return std::nullopt;
  return std::move(*found);
}

std::string_view name_of(OutcomeKind kind) {
  switch (kind) {
    case OutcomeKind::known: return "known";
    case OutcomeKind::ready: return "ready";
    case OutcomeKind::completed: return "completed";
    case OutcomeKind::cancelled: break;
  }
  return "cancelled";
}

RedisCommand outcome_command(const MatchOutcome& outcome) {
  storage::Arguments arguments{outcome.match.to_string(), std::string(name_of(outcome.kind))};
  if (outcome.kind == OutcomeKind::cancelled) {
    arguments.emplace_back(text_of(outcome.reason));
    arguments.push_back(std::to_string(kMaxServerlessMatches));
    for (const auto& ticket : outcome.requeue) arguments.push_back(ticket.to_string());
  }
  return {std::move(arguments), &scripts::kOutcome, {prefix_of(outcome.tenant)}};
}

std::optional<OutcomeResult> parse_outcome(const RedisReply& reply) {
  OutcomeResult result;
  const auto word = first_word(reply);
  if (word == "unknown") return result;
  if (word == "confirmed") {
    result.changed = reply.items.size() > 1 && reply.items[1].integer > 0;
    return result;
  }
  if (word != "applied") return std::nullopt;
  result.changed = true;
  if (reply.items.size() < 3) return result;  // completed
  for (const auto& entry : reply.items[1].items) {
    if (const auto ticket = TicketId::parse(entry.text)) result.requeued.push_back(*ticket);
  }
  if (auto found = decode_found(reply.items[2].text)) result.cancelled = std::move(*found);
  return result;
}

OutboxEvent outbox_event(std::string entry, std::string_view text) {
  OutboxEvent event;
  event.entry = std::move(entry);
  if (const auto document = json::Document::parse(text)) {
    const auto root = document->root();
    const auto subject = root.find("subject");
    const auto message_id = root.find("message_id");
    const auto body = root.find("body");
    if (subject) event.subject = subject->string();
    if (message_id) event.message_id = message_id->string();
    if (body) event.body = body->text();
  }
  return event;
}

storage::RedisError unexpected(const RedisReply& reply) {
  return {true, reply.kind == RedisReply::Kind::error ? reply.text : "unexpected answer of a script"};
}

std::vector<MatchId> match_ids(const RedisReply& reply) {
  std::vector<MatchId> ids;
  for (const auto& entry : reply.items) {
    if (auto id = MatchId::parse(entry.text)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace

RedisCommand RequestStore::enqueue_command(const NewTicket& ticket) const {
  RedisCommand command;
  command.script = &scripts::kEnqueue;
  command.keys = {prefix_of(ticket.tenant)};
  command.arguments = {ticket.id.to_string(),
                       ticket.content,
                       age_text(ticket.id.uuid(), ticket.admitted_at),
                       players_text(ticket.players),
                       ticket.party ? ticket.party->to_string() : "",
                       ticket.party_version ? std::to_string(*ticket.party_version) : "",
                       ticket.mode.str(),
                       ticket.region.str(),
                       std::to_string(ticket.team_size),
                       latencies_text(ticket.latencies),
                       joined(ticket.buckets),
                       partition_of(ticket.buckets.front()),
                       std::to_string(ticket.max_wait.count()),
                       answer_text(ticket.answer),
                       std::to_string(limits_.bucket_tickets),
                       std::to_string(limits_.tenant_players),
                       std::to_string(limits_.tenant_buckets),
                       std::to_string(kUnknownMaxAge.count())};
  return command;
}

RedisResult<std::vector<EnqueueResult>> RequestStore::enqueue(const std::vector<NewTicket>& tickets,
                                                              Deadline deadline) {
  std::vector<RedisCommand> commands;
  commands.reserve(tickets.size());
  for (const auto& ticket : tickets) commands.push_back(enqueue_command(ticket));
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<EnqueueResult> results;
  results.reserve(replies->size());
  for (const auto& reply : *replies) results.push_back(parse_enqueue(reply));
  return results;
}

RedisResult<EndResult> RequestStore::cancel(const Tenant& tenant, const Cancellation& cancellation, Deadline deadline) {
  const auto text = [](const std::optional<PlayerId>& player) { return player ? player->to_string() : std::string(); };
  auto reply = redis_.eval(scripts::kEnd, {prefix_of(tenant)},
                           {cancellation.ticket.to_string(), "cancelled", text(cancellation.requested_by),
                            std::string(text_of(cancellation.reason)), text(cancellation.caused_by)},
                           deadline);
  if (!reply) return fail(std::move(reply).error());
  const auto word = first_word(*reply);
  if (word == "ended") return EndResult{EndResult::Kind::ended};
  if (word == "cancelled") return EndResult{EndResult::Kind::already};
  if (word == "timed_out") return EndResult{EndResult::Kind::timed_out};
  if (word == "matched") return EndResult{EndResult::Kind::matched};
  if (word == "unknown") return EndResult{EndResult::Kind::unknown};
  return fail(unexpected(*reply));
}

RedisResult<std::vector<std::optional<OutcomeResult>>> RequestStore::outcomes(const std::vector<MatchOutcome>& outcomes,
                                                                              Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& outcome : outcomes) commands.push_back(outcome_command(outcome));
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<std::optional<OutcomeResult>> results;
  for (const auto& reply : *replies) results.push_back(parse_outcome(reply));
  return results;
}

RedisResult<OutcomeResult> RequestStore::outcome(const MatchOutcome& outcome, Deadline deadline) {
  auto results = outcomes({outcome}, deadline);
  if (!results) return fail(std::move(results).error());
  if (!results->front()) return fail(storage::RedisError{true, "unexpected answer of a script"});
  return std::move(*results->front());
}

RedisResult<MakeResult> RequestStore::make_match(const MatchFound& found, const std::string& run, Deadline deadline) {
  const Bucket bucket{found.tenant, found.mode, found.region, found.team_size};
  storage::Arguments arguments{run,
                               found.match_id.to_string(),
                               age_text(found.match_id.uuid(), found.created_at),
                               std::to_string(kUnknownMaxAge.count()),
                               partition_of(bucket.text()),
                               wire::encode(found)};
  for (const auto& team : found.teams) {
    for (const auto& player : team.players) arguments.push_back(player.player_id.to_string());
  }
  auto reply = redis_.eval(scripts::kMakeMatch, {prefix_of(found.tenant)}, std::move(arguments), deadline);
  if (!reply) return fail(std::move(reply).error());
  const auto word = first_word(*reply);
  if (word == "made") return MakeResult{MakeResult::Kind::made, {}};
  if (word == "same") return MakeResult{MakeResult::Kind::same, {}};
  if (word == "over") return MakeResult{MakeResult::Kind::over, {}};
  if (word == "expired") return MakeResult{MakeResult::Kind::expired, {}};
  if (word == "unverified") return MakeResult{MakeResult::Kind::unverified, {}};
  if (word == "claimed") return MakeResult{MakeResult::Kind::claimed, parse_claim(item(*reply, 1), item(*reply, 2))};
  return fail(unexpected(*reply));
}

RedisResult<std::optional<StatusResult>> RequestStore::status(const Tenant& tenant, std::optional<TicketId> ticket,
                                                              std::optional<PlayerId> player, Deadline deadline) {
  auto reply = redis_.eval(scripts::kStatus, {prefix_of(tenant)},
                           {ticket ? ticket->to_string() : "", player ? player->to_string() : ""}, deadline);
  if (!reply) return fail(std::move(reply).error());
  if (reply->items.empty()) return std::optional<StatusResult>();
  if (reply->items.size() < 4) return fail(unexpected(*reply));
  StatusResult result;
  const auto id = TicketId::parse(reply->items[0].text);
  if (!id) return fail(unexpected(*reply));
  result.ticket.id = *id;
  result.now = reply->items[1].integer;
  const auto& fields = reply->items[2].items;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
    assign_field(result.ticket, fields[i].text, fields[i + 1].text);
  result.owner = reply->items[3].text;
  return std::optional<StatusResult>(std::move(result));
}

RedisResult<std::vector<Tenant>> RequestStore::tenants(Deadline deadline) {
  auto reply = redis_.command({"SMEMBERS", kTenantsKey}, deadline);
  if (!reply) return fail(std::move(reply).error());
  std::vector<Tenant> tenants;
  for (const auto& entry : reply->items) {
    if (auto tenant = Tenant::parse(entry.text)) tenants.push_back(std::move(*tenant));
  }
  return tenants;
}

RedisResult<Done> RequestStore::add_tenant(const Tenant& tenant, Deadline deadline) {
  auto reply = redis_.command({"SADD", kTenantsKey, tenant.str()}, deadline);
  if (!reply) return fail(std::move(reply).error());
  return Done{};
}

RedisResult<bool> RequestStore::is_idle(const Tenant& tenant, Deadline deadline) {
  auto replies = redis_.pipeline({{{"SCARD", key_of(tenant, "buckets")}, nullptr, {}},
                                  {{"HLEN", key_of(tenant, "claim")}, nullptr, {}},
                                  {{"HLEN", key_of(tenant, "live")}, nullptr, {}},
                                  {{"ZCARD", key_of(tenant, "ended")}, nullptr, {}},
                                  {{"LLEN", key_of(tenant, "outbox")}, nullptr, {}},
                                  {{"LLEN", key_of(tenant, "sent")}, nullptr, {}}},
                                 deadline);
  if (!replies) return fail(std::move(replies).error());
  for (const auto& reply : *replies) {
    if (reply.kind != RedisReply::Kind::integer || reply.integer > 0) return false;
  }
  return true;
}

// The set of tenants is in another slot, so this cannot be one script. A bucket is always opened before its tenant is
// added (again), so the second check sees a bucket that was opened around the removal.
RedisResult<bool> RequestStore::retire_tenant(const Tenant& tenant, Deadline deadline) {
  auto idle = is_idle(tenant, deadline);
  if (!idle) return fail(std::move(idle).error());
  if (!*idle) return false;
  auto removed = redis_.command({"SREM", kTenantsKey, tenant.str()}, deadline);
  if (!removed) return fail(std::move(removed).error());
  idle = is_idle(tenant, deadline);
  if (idle && *idle) return true;
  auto added = add_tenant(tenant, deadline);
  if (!added) return fail(std::move(added).error());
  return false;
}

RedisResult<std::vector<BucketSummary>> RequestStore::summaries(const Tenant& tenant, Deadline deadline) {
  auto replies = redis_.pipeline(
      {{{"SMEMBERS", key_of(tenant, "buckets")}, nullptr, {}}, {{"HGETALL", key_of(tenant, "stats")}, nullptr, {}}},
      deadline);
  if (!replies) return fail(std::move(replies).error());
  std::map<std::string, BucketSummary> summaries;
  for (const auto& entry : (*replies)[0].items) {
    if (auto bucket = Bucket::parse(entry.text)) {
      BucketSummary summary;
      summary.tenant = bucket->tenant;
      summary.mode = bucket->mode;
      summary.region = bucket->region;
      summary.team_size = bucket->team_size;
      summaries.emplace(entry.text, std::move(summary));
    }
  }
  const auto& measured = (*replies)[1].items;
  for (std::size_t i = 0; i + 1 < measured.size(); i += 2) {
    const auto known = summaries.find(measured[i].text);
    if (known == summaries.end()) continue;
    if (auto summary = wire::decode<BucketSummary>(measured[i + 1].text, wire::Unknown::ignored)) {
      known->second = std::move(*summary);
    }
  }
  std::vector<BucketSummary> out;
  for (auto& [text, summary] : summaries) out.push_back(std::move(summary));
  return out;
}

RedisResult<std::vector<std::vector<MatchId>>> RequestStore::ids_in(const std::vector<RedisCommand>& commands,
                                                                    Deadline deadline) {
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<std::vector<MatchId>> of_tenants;
  for (const auto& reply : *replies) of_tenants.push_back(match_ids(reply));
  return of_tenants;
}

RedisResult<std::vector<std::vector<MatchId>>> RequestStore::unconfirmed(const std::vector<Tenant>& tenants,
                                                                         std::size_t limit, Deadline deadline) {
  std::vector<RedisCommand> commands;
  const auto last = std::to_string(limit - 1);
  for (const auto& tenant : tenants) {
    commands.push_back({{"ZRANGE", key_of(tenant, "unconfirmed"), "0", last}, nullptr, {}});
  }
  return ids_in(commands, deadline);
}

RedisResult<std::vector<std::vector<MatchId>>> RequestStore::live(const std::vector<Tenant>& tenants,
                                                                  Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& tenant : tenants) commands.push_back({{"HKEYS", key_of(tenant, "live")}, nullptr, {}});
  return ids_in(commands, deadline);
}

RedisResult<std::vector<LiveText>> RequestStore::live_texts(const std::vector<std::pair<Tenant, MatchId>>& matches,
                                                            Deadline deadline) {
  std::vector<RedisCommand> commands;
  for (const auto& [tenant, match] : matches) {
    commands.push_back({{"HGET", key_of(tenant, "live"), match.to_string()}, nullptr, {}});
  }
  auto replies = redis_.pipeline(commands, deadline);
  if (!replies) return fail(std::move(replies).error());
  std::vector<LiveText> texts;
  for (const auto& reply : *replies) {
    if (reply.is_nil()) texts.push_back({});
    else texts.push_back({true, decode_found(reply.text)});
  }
  return texts;
}

RedisResult<std::vector<OutboxEvent>> RequestStore::outbox(const Tenant& tenant, std::size_t limit, Deadline deadline) {
  auto reply = redis_.command({"LRANGE", key_of(tenant, "outbox"), "0", std::to_string(limit - 1)}, deadline);
  if (!reply) return fail(std::move(reply).error());
  std::vector<OutboxEvent> events;
  for (const auto& entry : reply->items) events.push_back(outbox_event(entry.text, entry.text));
  return events;
}

RedisResult<std::int64_t> RequestStore::relayed(const Tenant& tenant, const std::string& server,
                                                const std::vector<std::string>& entries, Deadline deadline) {
  storage::Arguments arguments{server, std::to_string(kMaxSent)};
  arguments.insert(arguments.end(), entries.begin(), entries.end());
  auto reply = redis_.eval(scripts::kRelayed, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return fail(std::move(reply).error());
  return reply->integer;
}

// Confirmed events are stored in the order of confirmation, and a server's id is never reused: once the first event was
// confirmed by the current server, all were.
RedisResult<std::vector<OutboxEvent>> RequestStore::confirmed_elsewhere(const Tenant& tenant, const std::string& server,
                                                                        std::size_t limit, Deadline deadline) {
  auto reply = redis_.command({"LRANGE", key_of(tenant, "sent"), "0", std::to_string(limit - 1)}, deadline);
  if (!reply) return fail(std::move(reply).error());
  std::vector<OutboxEvent> events;
  for (const auto& entry : reply->items) {
    const std::string_view text(entry.text);
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return fail(unexpected(entry));
    if (text.substr(0, first) == server) break;
    events.push_back(outbox_event(entry.text, text.substr(second + 1)));
  }
  return events;
}

RedisResult<Done> RequestStore::relayed_again(const Tenant& tenant, const std::string& server,
                                              const std::vector<std::string>& entries, Deadline deadline) {
  storage::Arguments arguments{server};
  arguments.insert(arguments.end(), entries.begin(), entries.end());
  auto reply = redis_.eval(scripts::kResent, {prefix_of(tenant)}, std::move(arguments), deadline);
  if (!reply) return fail(std::move(reply).error());
  return Done{};
}

RedisResult<std::int64_t> RequestStore::outbox_length(const Tenant& tenant, Deadline deadline) {
  auto reply = redis_.command({"LLEN", key_of(tenant, "outbox")}, deadline);
  if (!reply) return fail(std::move(reply).error());
  return reply->integer;
}

}  // namespace mm::matchmaker
