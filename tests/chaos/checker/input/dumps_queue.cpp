// Reads the keys of the Redis "queue" (common/protocol/README.md has their formats) and the dumped streams.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/chaos/checker/input/dumps.h"
#include "tests/chaos/checker/input/events.h"

namespace mm::chaos {
namespace {

struct KeyName {
  std::string_view tenant;
  std::string_view rest;  ///< after `mm:{tenant}:`
};

std::optional<KeyName> parse_key(std::string_view key) {
  if (!key.starts_with("mm:{")) return std::nullopt;
  const auto close = key.find("}:");
  if (close == std::string_view::npos) return std::nullopt;
  return KeyName{key.substr(4, close - 4), key.substr(close + 2)};
}

/// Calls `use` for each part of `text` between separators.
template <class Use>
void split(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

double real_of(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// `<player>|<mmr>|<deviation>`, joined by commas.
std::vector<Seat> players_of(std::string_view text, Run& run) {
  std::vector<Seat> players;
  split(text, ',', [&](std::string_view part) {
    const auto bar = part.find('|');
    Seat seat;
    seat.player = run.symbols.of(part.substr(0, bar));
    if (bar != std::string_view::npos) {
      const auto rest = part.substr(bar + 1);
      seat.mmr = real_of(rest.substr(0, rest.find('|')));
    }
    players.push_back(seat);
  });
  return players;
}

void read_ticket(std::string_view id, const Object& fields) {
  auto& run = fields.run();
  TicketKey ticket;
  ticket.at = fields.at();
  ticket.ticket = run.symbols.of(id);
  ticket.state = fields.needed("state");
  ticket.mode = fields.symbol("mode");
  ticket.region = fields.symbol("region");
  ticket.match = fields.symbol("match_id");
  ticket.reason = fields.symbol("reason");
  ticket.party = fields.symbol("party");
  ticket.size = static_cast<int>(fields.integer("size", 0));
  ticket.players = players_of(run.symbols.text(fields.symbol("players")), run);
  ticket.queued_ms = fields.integer("queued_at");
  ticket.deadline_ms = fields.integer("deadline");
  ticket.matched_ms = fields.integer("matched_at");
  ticket.ended_ms = fields.integer("ended_at");
  run.tickets.push_back(std::move(ticket));
}

void read_claims(const Object& claims) {
  claims.value().each_member([&](std::string_view player, const json::Value& value) {
    const auto holder = text_of(value).value_or("");
    auto& run = claims.run();
    ClaimEntry claim{claims.at(), run.symbols.of(player), {}, {}};
    if (holder.starts_with("t:")) claim.ticket = run.symbols.of(holder.substr(2));
    if (holder.starts_with("m:")) claim.match = run.symbols.of(holder.substr(2));
    if (!claim.ticket && !claim.match) claims.line().fail("value", "a claim must be t:<ticket> or m:<match>");
    run.claims.push_back(claim);
  });
}

void read_party(std::string_view id, const Object& fields) {
  auto& run = fields.run();
  PartyKey party{fields.at(),
                 run.symbols.of(id),
                 fields.symbol("leader"),
                 fields.integer("version", 0),
                 static_cast<int>(fields.integer("max_size", 0)),
                 {}};
  fields.value().each_member([&](std::string_view name, const json::Value&) {
    if (name.starts_with("m:")) party.members.push_back(run.symbols.of(name.substr(2)));
  });
  run.parties.push_back(std::move(party));
}

void read_lease(std::string_view partition, Symbol tenant, const Object& fields) {
  auto& run = fields.run();
  LeaseKey lease{fields.at(), run.symbols.of(partition), fields.symbol("token"), tenant, -1};
  const auto token = run.symbols.text(lease.token);
  if (std::from_chars(token.data(), token.data() + token.size(), lease.epoch).ec != std::errc{}) return;  // released
  run.leases.push_back(lease);
}

void read_scores(const Object& line, const json::Value& pairs, std::vector<LiveEntry>& entries) {
  if (!pairs.is(json::Kind::array)) return line.line().fail("value", "must be an array of pairs");
  pairs.each_element([&](const json::Value& pair) {
    LiveEntry entry{line.at(), {}, -1};
    if (!pair.is(json::Kind::array)) return line.line().fail("value", "must be an array of pairs");
    pair.each_element([&](const json::Value& part) {
      const auto text = text_of(part).value_or("");
      if (!entry.match) {
        entry.match = line.run().symbols.of(text);
      } else {
        entry.since_ms = static_cast<std::int64_t>(real_of(text));
      }
    });
    entries.push_back(entry);
  });
}

void read_pending(const Object& line, const json::Value& list) {
  if (!list.is(json::Kind::array)) return line.line().fail("value", "must be an array");
  list.each_element([&](const json::Value& entry) {
    const bool readable = with_embedded(entry, [&](json::Value body) {
      if (!body.is(json::Kind::object)) return line.line().fail("value", "must have JSON objects");
      const Object fields(body, line.line());
      line.run().pending.push_back({line.at(), fields.symbol("message_id"), fields.integer("at")});
    });
    if (!readable) line.line().fail("value", "an entry of the outbox is not JSON");
  });
}

void read_hash(std::string_view rest, Symbol tenant, const Object& fields) {
  auto& run = fields.run();
  if (rest.starts_with("ticket:")) return read_ticket(rest.substr(7), fields);
  if (rest.starts_with("party:")) return read_party(rest.substr(6), fields);
  if (rest.starts_with("lease:")) return read_lease(rest.substr(6), tenant, fields);
  if (rest == "claim") return read_claims(fields);
  if (rest == "live") {
    fields.value().each_member([&](std::string_view match, const json::Value&) {
      run.live.push_back({fields.at(), run.symbols.of(match), -1});
    });
  }
  if (rest == "member") {
    fields.value().each_member([&](std::string_view player, const json::Value& party) {
      run.members.push_back({fields.at(), run.symbols.of(player), run.symbols.of(text_of(party).value_or(""))});
    });
  }
}

void read_key(const Object& line) {
  const auto name = line.needed("key");
  const auto key = parse_key(line.run().symbols.text(name));
  const auto value = line.find("value");
  if (!key || !value) return;
  const auto tenant = line.run().symbols.of(key->tenant);
  if (value->is(json::Kind::object)) return read_hash(key->rest, tenant, Object(*value, line.line()));
  if (key->rest == "unconfirmed") return read_scores(line, *value, line.run().unconfirmed);
  if (key->rest == "outbox") return read_pending(line, *value);
  if (key->rest == "epoch") line.run().epochs.push_back({line.at(), tenant, line.integer("value")});
}

void read_message(const Object& line) {
  auto event = read_event(line);
  event.stored = true;
  event.sequence = line.integer("seq");
  event.wall_ms = line.time_ms("time");
  line.run().events.push_back(std::move(event));
}

bool exists(const Run& run, const std::string& name) { return std::filesystem::exists(run.folder + "/" + name); }

}  // namespace

std::optional<ReadError> read_queue(Run& run) {
  const std::string name = "dump/redis_queue.jsonl";
  if (!exists(run, name)) return std::nullopt;
  run.tables.insert("redis.queue");
  return read_lines(run, name, LastLine::must_be_whole, read_key);
}

std::optional<ReadError> read_streams(Run& run) {
  for (const std::string stream : {"MATCH", "TICKET"}) {
    const auto name = "dump/jetstream/" + stream + ".jsonl";
    if (!exists(run, name)) continue;
    run.tables.insert("jetstream." + stream);
    if (auto failed = read_lines(run, name, LastLine::must_be_whole, read_message)) return failed;
  }
  return std::nullopt;
}

}  // namespace mm::chaos
