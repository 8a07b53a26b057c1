#include "tests/chaos/checker/input/history.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "tests/chaos/checker/input/events.h"

namespace mm::chaos {
namespace {

using SetField = void (*)(Call&, const json::Value&, Object::Line&, std::string_view);

void set_symbol(Symbol& member, const json::Value& value, Object::Line& line, std::string_view name) {
  const auto text = text_of(value);
  if (!text) return line.fail(name, "must be a string");
  member = line.run.symbols.of(*text);
}

void set_integer(std::int64_t& member, const json::Value& value, Object::Line& line, std::string_view name) {
  const auto integer = value.is(json::Kind::number) ? value.integer() : std::nullopt;
  if (!integer) return line.fail(name, "must be an integer");
  member = *integer;
}

void set_flag(bool& member, const json::Value& value, Object::Line& line, std::string_view name) {
  if (!value.is(json::Kind::boolean)) return line.fail(name, "must be true or false");
  member = value.boolean();
}

void set_list(std::vector<Symbol>& member, const json::Value& value, Object::Line& line, std::string_view name) {
  if (!value.is(json::Kind::array)) return line.fail(name, "must be an array");
  member.clear();
  value.each_element([&](const json::Value& element) {
    // hosted has {"player", "team"} for each player.
    const auto item = element.is(json::Kind::object) ? element.find("player") : std::optional(element);
    const auto text = item ? text_of(*item) : std::nullopt;
    if (!text) return line.fail(name, "must be an array of ids");
    member.push_back(line.run.symbols.of(*text));
  });
}

template <Symbol Call::*member>
void symbol_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  set_symbol(call.*member, value, line, name);
}
template <std::int64_t Call::*member>
void integer_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  set_integer(call.*member, value, line, name);
}
template <int Call::*member>
void small_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  std::int64_t integer = call.*member;
  set_integer(integer, value, line, name);
  call.*member = static_cast<int>(integer);
}
template <bool Call::*member>
void flag_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  set_flag(call.*member, value, line, name);
}
template <std::vector<Symbol> Call::*member>
void list_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  set_list(call.*member, value, line, name);
}

/// Answers of `match` have the state of the match, those of `active` have both states; a ticket's is of interest there.
template <Op op>
void state_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  if (call.op == op) set_symbol(call.state, value, line, name);
}

/// The HTTP status, or the status of a match as text.
void status_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  if (value.is(json::Kind::string)) return set_symbol(call.state, value, line, name);
  small_field<&Call::status>(call, value, line, name);
}

void more_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  bool more = false;
  set_flag(more, value, line, name);
  call.complete = !more;
}

/// The keys of {region: milliseconds}.
void latencies_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  if (!value.is(json::Kind::object)) return line.fail(name, "must be an object");
  value.each_member(
      [&](std::string_view region, const json::Value&) { call.regions.push_back(line.run.symbols.of(region)); });
}

void winner_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  call.has_winning_team = true;
  call.winning_team.reset();
  if (value.is(json::Kind::null)) return;
  std::int64_t team = 0;
  set_integer(team, value, line, name);
  call.winning_team = static_cast<int>(team);
}

/// The body of a report.
void result_field(Call& call, const json::Value& value, Object::Line& line, std::string_view name) {
  if (!value.is(json::Kind::object)) return line.fail(name, "must be an object");
  if (const auto winner = value.find("winning_team")) winner_field(call, *winner, line, "winning_team");
}

const std::unordered_map<std::string_view, SetField>& fields() {
  static const std::unordered_map<std::string_view, SetField> kFields{
      {"status", status_field},
      {"code", symbol_field<&Call::code>},
      {"tenant", symbol_field<&Call::tenant>},
      {"player", symbol_field<&Call::player>},
      {"target", symbol_field<&Call::target>},
      {"leader", symbol_field<&Call::leader>},
      {"ticket", symbol_field<&Call::ticket>},
      {"match", symbol_field<&Call::match>},
      {"party", symbol_field<&Call::party>},
      {"key", symbol_field<&Call::key>},
      {"mode", symbol_field<&Call::mode>},
      {"region", symbol_field<&Call::region>},
      {"name", symbol_field<&Call::name>},
      {"family", symbol_field<&Call::family>},
      {"token", symbol_field<&Call::token>},
      {"parent", symbol_field<&Call::parent>},
      {"child", symbol_field<&Call::child>},
      {"state", symbol_field<&Call::state>},
      {"match_state", state_field<Op::match>},
      {"ticket_state", state_field<Op::active>},
      {"type", symbol_field<&Call::type>},
      {"server", symbol_field<&Call::server>},
      {"hash", symbol_field<&Call::hash>},
      {"endpoint", symbol_field<&Call::endpoint>},
      {"fault", symbol_field<&Call::fault>},
      {"seq", integer_field<&Call::sequence>},
      {"version", integer_field<&Call::version>},
      {"bound_ms", integer_field<&Call::bound_ms>},
      {"login", integer_field<&Call::login>},
      {"after", integer_field<&Call::after>},
      {"more", more_field},
      {"result", result_field},
      {"latencies", latencies_field},
      {"malformed", flag_field<&Call::malformed>},
      {"team_size", small_field<&Call::team_size>},
      {"winning_team", winner_field},
      {"resumed", flag_field<&Call::resumed>},
      {"has_token", flag_field<&Call::has_token>},
      {"complete", flag_field<&Call::complete>},
      {"wrong", flag_field<&Call::wrong>},
      {"players", list_field<&Call::players>},
      {"members", list_field<&Call::members>},
      {"matches", list_field<&Call::matches>},
  };
  return kFields;
}

bool is_fact(Op op) {
  switch (op) {
    case Op::frame:
    case Op::disconnect:
    case Op::hosted:
    case Op::fault_begin:
    case Op::fault_end:
    case Op::load_begin:
    case Op::load_end:
    case Op::quiesced:
    case Op::ready:
    case Op::event: return true;
    default: return false;
  }
}

class HistoryReader {
 public:
  explicit HistoryReader(Run& run) : run_(run) {}

  void add(const Object& line) {
    ++run_.lines;
    const Moment moment{line.integer("t"), line.integer("w")};
    if (moment.us < 0) return line.line().fail("t", "is missing");
    if (moment.wall_ms < 0) return line.line().fail("w", "is missing");
    const auto writer = line.needed("n");
    const auto name = line.needed("op");
    const auto phase = line.needed("ph");
    const auto op = enum_named<Op>(run_.symbols.text(name)).value_or(Op::other);
    if (op == Op::event) return add_tapped(line, moment);
    auto& call = call_of(op, writer, line.integer("i"));
    call.op = op;
    set_phase(call, run_.symbols.text(phase), moment, line);
    set_fields(call, line);
  }

  /// An operation with no invoke line is a fact: all of it is in its one line.
  void finish() {
    for (auto& call : run_.calls) {
      if (call.op == Op::other) ++run_.unknown_ops;
      if (call.begin_at.line != 0) {
        // An operation with an unknown outcome may still happen later.
        if (call.outcome == Outcome::unknown) call.end = {kNever, kNever};
        continue;
      }
      call.fact = true;
      call.begin = call.end;
      call.begin_at = call.end_at;
    }
  }

 private:
  struct Key {
    Symbol writer;
    std::int64_t number;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<Symbol>{}(key.writer) ^ (static_cast<std::size_t>(key.number) * 0xC2B2AE3D27D4EB4FULL);
    }
  };

  void add_tapped(const Object& line, Moment moment) {
    auto event = read_event(line);
    event.wall_ms = moment.wall_ms;
    run_.events.push_back(std::move(event));
  }

  Call& call_of(Op op, Symbol writer, std::int64_t number) {
    if (!is_fact(op)) {
      const auto [place, fresh] = open_.try_emplace({writer, number}, run_.calls.size());
      if (!fresh) return run_.calls[place->second];
    }
    auto& call = run_.calls.emplace_back();
    call.writer = writer;
    call.number = number;
    return call;
  }

  void set_phase(Call& call, std::string_view phase, Moment moment, const Object& line) {
    if (phase == "invoke") {
      if (call.begin_at.line != 0) return line.line().fail("i", "this operation has two invoke lines");
      call.begin = moment;
      call.begin_at = line.at();
      return;
    }
    if (call.end_at.line != 0) return line.line().fail("i", "this operation has ended before");
    call.end_at = line.at();
    call.end = moment;
    if (phase == "ok") {
      call.outcome = Outcome::ok;
    } else if (phase == "fail") {
      call.outcome = Outcome::fail;
    } else if (phase != "info") {
      line.line().fail("ph", "must be invoke, ok, fail or info");
    }
  }

  void set_fields(Call& call, const Object& line) {
    line.value().each_member([&](std::string_view name, const json::Value& value) {
      const auto found = fields().find(name);
      if (found == fields().end()) return;
      if (value.is(json::Kind::null) && found->second != winner_field) return;
      found->second(call, value, line.line(), name);
    });
  }

  Run& run_;
  std::unordered_map<Key, std::size_t, KeyHash> open_;
};

}  // namespace

std::optional<ReadError> read_history(Run& run) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(run.folder + "/history", error)) {
    if (entry.path().extension() == ".jsonl") names.push_back("history/" + entry.path().filename().string());
  }
  if (names.empty()) return ReadError{"history:0: has no .jsonl file"};
  std::sort(names.begin(), names.end());
  HistoryReader reader(run);
  for (const auto& name : names) {
    if (auto failed = read_lines(run, name, LastLine::may_be_cut, [&](const Object& line) { reader.add(line); })) {
      return failed;
    }
  }
  reader.finish();
  return std::nullopt;
}

}  // namespace mm::chaos
