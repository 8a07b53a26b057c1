// Generated runs are clean, in any order of their lines and with cut last lines; a fault planted anywhere is found.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <random>

#include "tests/unit/chaos_checker/generated_run.h"

namespace mm::chaos {
namespace {

RunFiles generated(std::uint64_t seed, bool faults = true) {
  return GeneratedRun({.seed = seed, .faults = faults}).make();
}

/// The lines of the history in any order, in files of any number.
void scatter_history(RunFiles& run, std::mt19937_64& random) {
  std::vector<std::string> lines;
  std::erase_if(run.files, [&](const auto& file) {
    if (!file.first.starts_with("history/")) return false;
    lines.insert(lines.end(), file.second.begin(), file.second.end());
    return true;
  });
  std::shuffle(lines.begin(), lines.end(), random);
  const auto files = 1 + random() % 5;
  for (const auto& line : lines) run.files["history/" + std::to_string(random() % files) + ".jsonl"].push_back(line);
}

/// A random line of a file that contains a text; -1: there is none.
std::ptrdiff_t pick(const std::vector<std::string>& lines, const std::string& text, std::mt19937_64& random) {
  std::vector<std::ptrdiff_t> found;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find(text) != std::string::npos) found.push_back(static_cast<std::ptrdiff_t>(i));
  }
  return found.empty() ? -1 : found[random() % found.size()];
}

/// The text value of a member.
std::string value_of(const std::string& line, const std::string& name) {
  const auto begin = line.find("\"" + name + "\":\"");
  if (begin == std::string::npos) return {};
  const auto from = begin + name.size() + 4;
  return line.substr(from, line.find('"', from) - from);
}

bool replace(std::string& line, const std::string& from, const std::string& to) {
  const auto at = line.find(from);
  if (at == std::string::npos) return false;
  line.replace(at, from.size(), to);
  return true;
}

bool drop(RunFiles& run, const std::string& file, const std::string& text, std::mt19937_64& random) {
  auto& lines = run.files[file];
  const auto at = pick(lines, text, random);
  if (at >= 0) lines.erase(lines.begin() + at);
  return at >= 0;
}

bool change(RunFiles& run, const std::string& file, const std::string& where, const std::string& from,
            const std::string& to, std::mt19937_64& random) {
  auto& lines = run.files[file];
  const auto at = pick(lines, where, random);
  return at >= 0 && replace(lines[static_cast<std::size_t>(at)], from, to);
}

struct Corruption {
  std::string name;
  std::string invariant;                                     ///< must be among those that are violated
  std::function<bool(RunFiles&, std::mt19937_64&)> corrupt;  ///< false: the run has nothing to corrupt
};

const char* const kTables = "dump/postgres/";

bool lose_messages(RunFiles& run, std::mt19937_64& random) {
  auto& stream = run.files["dump/jetstream/MATCH.jsonl"];
  const auto at = pick(stream, "match.completed", random);
  if (at < 0) return false;
  const auto id = value_of(stream[static_cast<std::size_t>(at)], "msg_id");
  std::erase_if(stream, [&](const std::string& line) { return value_of(line, "msg_id") == id; });
  return true;
}

/// In every copy that the stream has: a single copy that differs is what I26 is about.
bool rename_the_match_of_an_event(RunFiles& run, std::mt19937_64& random) {
  auto& stream = run.files["dump/jetstream/MATCH.jsonl"];
  const auto at = pick(stream, "match.completed", random);
  if (at < 0) return false;
  const auto id = value_of(stream[static_cast<std::size_t>(at)], "msg_id");
  for (auto& line : stream) {
    if (value_of(line, "msg_id") == id) replace(line, "\"match_id\":\"", "\"match_id\":\"x");
  }
  return true;
}

bool skip_a_number(RunFiles& run, std::mt19937_64& random) {
  auto& lines = run.files["history/bots.jsonl"];
  const auto at = pick(lines, "\"type\":\"match_found\"", random);
  return at >= 0 && replace(lines[static_cast<std::size_t>(at)], "\"seq\":", "\"seq\":9");
}

bool accept_a_stolen_token(RunFiles& run, std::mt19937_64& random) {
  const auto& lines = run.files["history/bots.jsonl"];
  const auto at = pick(lines, "\"child\":", random);
  if (at < 0) return false;
  const auto child = value_of(lines[static_cast<std::size_t>(at)], "child");
  const auto number = std::stoi(child.substr(child.rfind('-') + 1));
  // The child of token-3 is token-4, unless a login came between.
  const auto parent = child.substr(0, child.rfind('-') + 1) + std::to_string(number - 1);
  const bool known = std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return value_of(line, "parent") == parent && line.find("\"ph\":\"invoke\"") != std::string::npos;
  });
  if (!known) return false;
  run.call("thief", "refresh", 1, 2, "ok", Json().text("player", "x").text("parent", parent),
           Json().text("child", "stolen"));
  auto& thief = run.files["history/thief.jsonl"];
  // At the time of the first use.
  for (auto& line : thief) replace(line, "\"t\":", "\"t\":90000000000");
  return true;
}

bool cancel_a_player(RunFiles& run, std::mt19937_64& random) {
  const auto& keys = run.files["dump/redis_queue.jsonl"];
  const auto at = pick(keys, "\"state\":\"matched\"", random);
  if (at < 0) return false;
  const auto key = value_of(keys[static_cast<std::size_t>(at)], "key");
  run.call("other", "cancel", 5'000, 5'005, "ok", Json().text("ticket", key.substr(key.find("ticket-"))));
  return true;
}

void showValue(const Corruption& corruption, std::ostream& out) { out << corruption.name; }

std::vector<Corruption> corruptions() {
  using Random = std::mt19937_64;
  const auto lost_row = [](const char* name, const char* invariant, std::string table, std::string text = "match-") {
    return Corruption{name, invariant, [table, text](RunFiles& run, Random& random) {
                        return drop(run, kTables + table + ".jsonl", text, random);
                      }};
  };
  const auto changed_row = [](const char* name, const char* invariant, std::string file, std::string where,
                              std::string from, std::string to) {
    return Corruption{name, invariant,
                      [=](RunFiles& run, Random& random) { return change(run, file, where, from, to, random); }};
  };
  const std::string tables = kTables;
  const std::string queue = "dump/redis_queue.jsonl";
  return {
      lost_row("a match lost its row", "I11", "session.match", "\"completed\""),
      lost_row("a match was not applied", "I17", "profile.applied"),
      lost_row("a match is not on the leaderboard", "I20", "leaderboard.applied"),
      lost_row("a player is missing in a match", "I21", "leaderboard.match_player"),
      lost_row("an account is lost", "I24", "profile.account", "player-"),
      lost_row("a server was never allocated", "I11", "orchestrator.allocation", "\"slot\""),
      changed_row("a rating differs", "I19", tables + "profile.rating.jsonl", "\"duel\"", "\"mmr\":", "\"mmr\":1"),
      changed_row("a change is wrong", "I18", tables + "profile.rating_change.jsonl", "\"team\":1",
                  "\"mmr_after\":", "\"mmr_after\":1"),
      changed_row("a standing differs", "I20", tables + "leaderboard.standing.jsonl", "player-",
                  "\"wins\":", "\"wins\":1"),
      changed_row("a result is not stored", "I15", tables + "session.match.jsonl", "\"completed\"",
                  "\"state\":\"completed\"", "\"state\":\"running\""),
      changed_row("a matched ticket is queued", "I10", queue, "\"state\":\"matched\"", "matched", "queued"),
      changed_row("an ended ticket is queued", "I02", queue, "\"state\":\"cancelled\"", "cancelled", "queued"),
      changed_row("another player was seated", "I06", tables + "session.match.jsonl", "\"completed\"",
                  "\"player_id\":\"", "\"player_id\":\"x"),
      changed_row("a claim is left", "I32", queue, "mm:{default}:claim", "{}", "{\"player-0\":\"m:match-1\"}"),
      {"messages are lost", "I28", lose_messages},
      {"an event is of no match", "I27", rename_the_match_of_an_event},
      {"a frame is lost", "I29", skip_a_number},
      {"a stolen token is accepted", "I22", accept_a_stolen_token},
      {"a cancelled ticket plays", "I05", cancel_a_player},
  };
}

TEST(GeneratedRun, IsClean) {
  for (const bool faults : {false, true}) {
    const auto checked = check(GeneratedRun({.seed = 7, .players = 60, .matches = 400, .faults = faults}).make());
    EXPECT_EQ(checked.status, 0) << checked.errors << checked.text;
    EXPECT_NE(checked.text.find("I08 ok 4"), std::string::npos) << checked.text;
  }
}

TEST(GeneratedRun, LeavesOnlyTheLimitsUnchecked) {
  const auto text = check(generated(3)).text;
  std::size_t unchecked = 0;
  for (auto at = text.find("not checked"); at != std::string::npos; at = text.find("not checked", at + 1)) ++unchecked;
  EXPECT_EQ(unchecked, 1U) << text;
  EXPECT_NE(text.find("I25 not checked"), std::string::npos) << text;
}

RC_GTEST_PROP(GeneratedRun, StaysCleanInAnyOrderAndWithCutLastLines, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  auto run = generated(seed, *rc::gen::arbitrary<bool>());
  std::set<std::string> cut;
  for (const auto& [name, lines] : run.files) {
    if (name.starts_with("history/") && *rc::gen::arbitrary<bool>()) cut.insert(name);
  }
  const auto cut_check = check(run, cut);
  RC_LOG() << "seed " << seed << "\n" << cut_check.errors << cut_check.text;
  RC_ASSERT(cut_check.status == 0);
  std::mt19937_64 random(seed);
  scatter_history(run, random);
  const auto scattered = check(run);
  RC_LOG() << scattered.errors << scattered.text;
  RC_ASSERT(scattered.status == 0);
}

RC_GTEST_PROP(GeneratedRun, APlantedFaultIsFound, ()) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto corruption = *rc::gen::elementOf(corruptions());
  auto run = generated(seed);
  std::mt19937_64 random(seed);
  RC_PRE(corruption.corrupt(run, random));
  const auto checked = check(run);
  RC_LOG() << corruption.name << ", seed " << seed << "\n" << checked.errors << checked.text;
  RC_ASSERT(checked.status == 1);
  RC_ASSERT(checked.violated.contains(corruption.invariant));
}

TEST(GeneratedRun, EachPlantedFaultIsFoundInSomeRun) {
  for (const auto& corruption : corruptions()) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= 5 && !found; ++seed) {
      auto run = generated(seed);
      std::mt19937_64 random(seed);
      if (!corruption.corrupt(run, random)) continue;
      const auto checked = check(run);
      found = checked.violated.contains(corruption.invariant);
      EXPECT_TRUE(found) << corruption.name << ", seed " << seed << "\n" << checked.text;
      break;
    }
    EXPECT_TRUE(found) << corruption.name;
  }
}

}  // namespace
}  // namespace mm::chaos
