#include "services/session/report.h"

#include <algorithm>
#include <map>

#include "common/security/secrets.h"
#include "common/wire/json.h"

namespace mm::session {
namespace {

// Writes equal content as equal text: keys in order, numbers by value. Returns false if a number is not finite. The
// JSON reader has limited the depth of the recursion.
bool write_canonical(json::Writer& writer, const json::Value& value) {
  bool finite = true;
  switch (value.kind()) {
    case json::Kind::null: writer.null(); break;
    case json::Kind::boolean: writer.boolean(value.boolean()); break;
    case json::Kind::string: writer.string(value.string()); break;
    case json::Kind::number: {
      const auto real = value.real();
      // A double holds every integer of up to 53 bits, so 1, 1.0 and 1e0 are equal. Larger integers keep their digits.
      const auto integer = value.integer();
      const bool exact = integer && (*integer > (1LL << 53) || *integer < -(1LL << 53));
      if (exact) writer.integer(*integer);
      else if (real) writer.real(*real);
      else writer.null();
      finite = exact || real.has_value();
      break;
    }
    case json::Kind::array:
      writer.begin_array();
      value.each_element([&](const json::Value& element) { finite = write_canonical(writer, element) && finite; });
      writer.end_array();
      break;
    case json::Kind::object: {
      std::map<std::string_view, json::Value> members;
      value.each_member([&](std::string_view key, const json::Value& member) { members.emplace(key, member); });
      writer.begin_object();
      for (const auto& [key, member] : members) {
        writer.key(key);
        finite = write_canonical(writer, member) && finite;
      }
      writer.end_object();
      break;
    }
  }
  return finite;
}

struct Entry {
  PlayerStats stats;
  std::string canonical;
};

// False if a number is not finite. The decoder has accepted the text as a JSON object.
bool read_entry(const fields::RawJson& raw, Entry& out) {
  const auto document = json::Document::parse(raw.text);
  if (!document) return false;
  json::Writer rest;
  rest.begin_object();
  document->root().each_member([&](std::string_view key, const json::Value& member) {
    if (key == "player_id") {
      if (member.is(json::Kind::string)) out.stats.player_id = PlayerId::parse(member.string());
      return;
    }
    rest.key(key);
    rest.raw(member.text());
  });
  rest.end_object();
  out.stats.stats.text = rest.take();
  json::Writer canonical;
  const bool finite = write_canonical(canonical, document->root());
  out.canonical = canonical.take();
  return finite;
}

std::string hash_of(const Report& report, std::vector<std::string> entries) {
  std::sort(entries.begin(), entries.end());
  json::Writer writer;
  writer.begin_array();
  report.winning_team ? writer.integer(*report.winning_team) : writer.null();
  writer.real(report.duration_seconds);
  if (report.voids) writer.string("void");
  for (const auto& entry : entries) writer.raw(entry);
  writer.end_array();
  return security::sha256_hex(writer.take());
}

}  // namespace

Reply<Report> read_report(const ReportResult& result) {
  Report report;
  report.voids = result.outcome == ResultOutcome::voided;
  report.winning_team = result.winning_team;
  report.duration_seconds = result.duration_seconds;
  std::vector<std::string> canonical;
  if (result.player_stats) report.player_stats.emplace();
  for (std::size_t i = 0; result.player_stats && i < result.player_stats->size(); ++i) {
    Entry entry;
    if (!read_entry((*result.player_stats)[i], entry)) {
      return refuse_field("/player_stats/" + std::to_string(i), "has a number that is out of range");
    }
    report.player_stats->push_back(std::move(entry.stats));
    canonical.push_back(std::move(entry.canonical));
  }
  report.hash = hash_of(report, std::move(canonical));
  return report;
}

}  // namespace mm::session
