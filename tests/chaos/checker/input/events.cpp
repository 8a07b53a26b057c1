#include "tests/chaos/checker/input/events.h"

#include <functional>
#include <string_view>
#include <utility>

namespace mm::chaos {
namespace {

EventKind kind_of(std::string_view subject) {
  if (subject == "match.found") return EventKind::found;
  if (subject == "match.ready") return EventKind::ready;
  if (subject == "match.completed") return EventKind::completed;
  if (subject == "match.cancelled") return EventKind::cancelled;
  if (subject == "match.rated") return EventKind::rated;
  if (subject == "ticket.closed") return EventKind::closed;
  if (subject == "ticket.requeued") return EventKind::requeued;
  return EventKind::other;
}

void mix(std::uint64_t& digest, std::uint64_t part) {
  digest ^= part + 0x9E3779B97F4A7C15ULL + (digest << 6) + (digest >> 2);
}

/// A digest of the content: two texts of one value have one digest, whatever wrote them. The depth of a parsed document
/// is limited.
std::uint64_t digest_of(const json::Value& value) {
  auto digest = static_cast<std::uint64_t>(value.kind());
  switch (value.kind()) {
    case json::Kind::null: break;
    case json::Kind::boolean: mix(digest, value.boolean() ? 1 : 2); break;
    case json::Kind::number: mix(digest, std::hash<double>{}(value.real().value_or(0))); break;
    case json::Kind::string: mix(digest, std::hash<std::string_view>{}(value.string())); break;
    case json::Kind::array:
      value.each_element([&](const json::Value& element) { mix(digest, digest_of(element)); });
      break;
    case json::Kind::object:
      value.each_member([&](std::string_view name, const json::Value& member) {
        mix(digest, std::hash<std::string_view>{}(name));
        mix(digest, digest_of(member));
      });
      break;
  }
  return digest;
}

void read_seat(const json::Value& player, int team, const Object& line, std::vector<Seat>& roster) {
  Seat seat;
  seat.team = team;
  if (player.is(json::Kind::object)) {
    const Object fields(player, line.line());
    seat.player = fields.needed("player_id");
    seat.ticket = fields.symbol("ticket_id");
    seat.party = fields.symbol("party_id");
    seat.mmr = fields.real("mmr");
    seat.waited_ms = fields.integer("waited_ms", 0);
  } else if (const auto text = text_of(player)) {
    seat.player = line.run().symbols.of(*text);
  } else {
    line.line().fail("teams", "must contain players");
  }
  roster.push_back(seat);
}

void read_body(const json::Value& body, const Object& line, Event& event) {
  if (event.kind == EventKind::other || !body.is(json::Kind::object)) return;
  const Object fields(body, line.line());
  event.match = fields.symbol("match_id");
  event.ticket = fields.symbol("ticket_id");
  event.tenant = fields.symbol("tenant");
  event.mode = fields.symbol("mode");
  event.region = fields.symbol("region");
  event.source = fields.symbol("source");
  event.reason = fields.symbol("reason");
  event.party = fields.symbol("party_id");
  event.team_size = static_cast<int>(fields.integer("team_size", 0));
  event.created_ms = fields.time_ms("created_at");
  event.queued_ms = fields.time_ms("queued_at");
  event.attempt = fields.integer("attempt", 0);
  event.requeue = fields.symbols("requeue");
  event.players = fields.symbols("players");
  if (const auto teams = fields.find("teams")) {
    event.roster = read_roster(*teams, line);
    event.teams = static_cast<int>(teams->size());
  }
  const bool about_a_ticket = event.kind == EventKind::closed || event.kind == EventKind::requeued;
  if (!(about_a_ticket ? event.ticket : event.match)) {
    line.line().fail("body", about_a_ticket ? "ticket_id is missing" : "match_id is missing");
  }
}

}  // namespace

std::vector<Seat> read_roster(const json::Value& teams, const Object& line) {
  std::vector<Seat> roster;
  if (!teams.is(json::Kind::array)) {
    line.line().fail("teams", "must be an array");
    return roster;
  }
  int number = 0;
  teams.each_element([&](const json::Value& team) {
    const auto players = team.is(json::Kind::object) ? team.find("players") : std::optional(team);
    if (!players || !players->is(json::Kind::array)) return line.line().fail("teams", "must contain players");
    players->each_element([&](const json::Value& player) { read_seat(player, number, line, roster); });
    ++number;
  });
  return roster;
}

Event read_event(const Object& line) {
  Event event;
  event.at = line.at();
  event.subject = line.needed("subject");
  event.message = line.symbol("msg_id");
  event.kind = kind_of(line.run().symbols.text(event.subject));
  const auto body = line.find("body");
  if (!body) return event;
  const bool readable = with_embedded(*body, [&](json::Value value) {
    event.digest = digest_of(value);
    read_body(value, line, event);
  });
  // Other subjects may carry anything; a broken body of a known event is a fact about the run, which I26 and I27 judge
  // by the events that can be read.
  if (!readable && event.kind != EventKind::other) line.line().fail("body", "is not JSON");
  return event;
}

}  // namespace mm::chaos
