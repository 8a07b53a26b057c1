// Compares the simulated Redis with a real one: both run the same random commands and scripts, and every reply must be
// equal, except for times and processes of redis-server.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <regex>

#include "common/storage/redis.h"
#include "common/testing/connections.h"
#include "services/lobby/scripts.h"
#include "services/matchmaker/queue/scripts.h"
#include "tests/simulation/engine/random.h"
#include "tests/simulation/servers/redis_server.h"

namespace mm::simulation {
namespace {

using storage::Arguments;
using storage::RedisCommand;
using storage::RedisReply;

constexpr Milliseconds kTimeout{2'000};

std::int64_t wall_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Replies whose order Redis does not define.
bool is_unordered(const RedisCommand& command) {
  if (command.script != nullptr) return false;
  const auto& name = command.arguments.front();
  return name == "SMEMBERS" || name == "HKEYS";
}

std::string without_times(const std::string& text) {
  static const std::regex kTimes("[0-9a-f]{40}|[0-9]{13}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z");
  return std::regex_replace(text, kTimes, "T");
}

std::string text_of(const RedisReply& reply, bool sorted) {
  if (reply.kind == RedisReply::Kind::integer) return "i" + without_times(std::to_string(reply.integer));
  if (reply.kind == RedisReply::Kind::error) return "error";
  if (reply.kind != RedisReply::Kind::array)
    return std::to_string(static_cast<int>(reply.kind)) + without_times(reply.text);
  std::vector<std::string> items;
  for (const auto& item : reply.items) items.push_back(text_of(item, false));
  if (sorted) std::sort(items.begin(), items.end());
  std::string text = "[";
  for (const auto& item : items) text += item + ' ';
  return text + "]";
}

/// A hash or the fields of a ticket as a sorted list of pairs: Redis defines no order of a hash.
std::string text_of_hash(const RedisReply& reply) {
  std::vector<std::string> pairs;
  for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
    // Some milliseconds, which differ between the servers.
    const bool duration = reply.items[i].text == "spent_matched";
    pairs.push_back(reply.items[i].text + '=' + (duration ? "T" : without_times(reply.items[i + 1].text)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& pair : pairs) text += pair + ' ';
  return text;
}

/// The reply of a script whose third item is a hash.
std::string text_of_fields(const RedisReply& reply) {
  std::string text;
  for (std::size_t i = 0; i < reply.items.size(); ++i) {
    text += (i == 2 ? text_of_hash(reply.items[i]) : text_of(reply.items[i], false)) + ' ';
  }
  return text;
}

class RedisComparison : public ::testing::Test {
 protected:
  RedisComparison() { redis_ = std::make_unique<storage::Redis>(testing::redis_options(server_)); }

  void start(std::uint64_t seed) {
    seed_ = seed;
    random_ = Random(seed);
    token_.clear();
    prefix_ = "mm:{s" + std::to_string(seed) + "}:";  // keys of its own, because nobody may empty the server
    simulated_ = std::make_unique<RedisServer>(wall_now);
  }

  /// Runs the command on both and compares. Returns the reply of the real server.
  RedisReply both(const RedisCommand& command) { return both(command, command); }
  RedisReply both(const RedisCommand& command, const RedisCommand& for_simulated) {
    const auto real = redis_->pipeline({command}, Deadline::after(kTimeout));
    EXPECT_TRUE(real.ok()) << real.error().text;
    const auto simulated = simulated_->execute(for_simulated);
    const bool hash = command.script == nullptr && command.arguments.front() == "HGETALL";
    const bool status =
        command.script == &matchmaker::scripts::kStatus || command.script == &lobby::scripts::kReadParty;
    std::string left = hash ? text_of_hash(real->front()) : text_of(real->front(), is_unordered(command));
    std::string right = hash ? text_of_hash(simulated) : text_of(simulated, is_unordered(command));
    if (status && real->front().items.size() > 2 && simulated.items.size() > 2) {
      left = text_of_fields(real->front());
      right = text_of_fields(simulated);
    }
    std::string what = command.script != nullptr ? std::string(command.script->name()) : "";
    for (const auto& argument : command.arguments) what += ' ' + argument;
    EXPECT_EQ(left, right) << "seed " << seed_ << ": " << what
                           << (real->front().kind == RedisReply::Kind::error ? real->front().text : "") << " / "
                           << (simulated.kind == RedisReply::Kind::error ? simulated.text : "");
    return real->front();
  }
  RedisReply script(const storage::Script& which, Arguments arguments) {
    return both({std::move(arguments), &which, {prefix_}});
  }
  /// Each server gets its own process of redis-server in place of "RUN", and its own time of the verification in place
  /// of "SINCE".
  RedisReply script_in_run(const storage::Script& which, const Arguments& arguments, const std::string& key) {
    const RedisCommand read{{}, &matchmaker::scripts::kReadGeneration, {prefix_ + "generation"}};
    const RedisCommand since{{"HGET", prefix_ + "generation", "verified_since"}, nullptr, {}};
    const auto filled = [&](const std::string& own_run, const std::string& own_since) {
      RedisCommand command{arguments, &which, {key}};
      std::replace(command.arguments.begin(), command.arguments.end(), std::string("RUN"), own_run);
      std::replace(command.arguments.begin(), command.arguments.end(), std::string("SINCE"), own_since);
      return command;
    };
    const auto real = redis_->pipeline({read, since}, Deadline::after(kTimeout));
    EXPECT_TRUE(real.ok());
    return both(filled(real->front().items.front().text, real->back().text),
                filled(simulated_->execute(read).items.front().text, simulated_->execute(since).text));
  }
  std::string run() { return random_.chance(0.9) ? "RUN" : "f00"; }

  std::string one_of(const std::vector<std::string>& items) { return random_.pick(items); }
  std::string ticket() { return one_of({"t1", "t2", "t3", "t4"}); }
  std::string player() { return one_of({"p1", "p2", "p3", "p4", "p5"}); }
  std::string match() { return one_of({"m1", "m2", "m3"}); }
  std::string bucket() { return one_of({"default:duel:eu-west:1", "default:duel:us-east:1"}); }
  std::string token() { return random_.chance(0.9) ? token_ : "0:none"; }
  std::string number(int first, int last) { return std::to_string(random_.between(first, last)); }

  void plain_command();
  void queue_script();
  void generation_script();
  void event_script();
  void party_script();
  void compare_all();
  std::string found(const std::string& id);

  testing::OwnRedis server_{testing::OwnRedis::Instance::queue};
  std::unique_ptr<storage::Redis> redis_;
  std::unique_ptr<RedisServer> simulated_;
  std::uint64_t seed_ = 0;
  Random random_{0};
  std::string token_;
  std::string prefix_;
};

void RedisComparison::plain_command() {
  const auto hash = one_of({prefix_ + "h1", prefix_ + "h2"});
  const auto set = one_of({prefix_ + "s1", prefix_ + "s2"});
  const auto sorted = one_of({prefix_ + "z1", prefix_ + "z2"});
  const auto list = one_of({prefix_ + "l1", prefix_ + "l2"});
  const auto member = one_of({"a", "b", "c", "d"});
  const std::vector<Arguments> commands{
      {"HSET", hash, member, number(0, 9), "other", "x"},
      {"HDEL", hash, member, "other"},
      {"HGET", hash, member},
      {"HMGET", hash, member, "other", "none"},
      {"HEXISTS", hash, member},
      {"HINCRBY", hash, member, number(-5, 5)},
      {"HGETALL", hash},
      {"HKEYS", hash},
      {"HLEN", hash},
      {"SADD", set, member, "a"},
      {"SREM", set, member},
      {"SCARD", set},
      {"SMEMBERS", set},
      {"SMISMEMBER", set, member, "a"},
      {"ZADD", sorted, number(0, 9), member},
      {"ZADD", sorted, "XX", number(0, 9), member},
      {"ZADD", sorted, "NX", number(0, 9), member},
      {"ZREM", sorted, member, "a"},
      {"ZCARD", sorted},
      {"ZSCORE", sorted, member},
      {"ZCOUNT", sorted, number(0, 5), number(3, 9)},
      {"ZRANGE", sorted, number(-3, 3), number(-3, 3), "WITHSCORES"},
      {"ZRANGE", sorted, "(" + number(0, 5), "+inf", "BYSCORE", "LIMIT", number(0, 1), number(0, 3), "WITHSCORES"},
      {"ZRANGE", sorted, "-inf", number(0, 9), "BYSCORE", "LIMIT", "0", "2"},
      {"RPUSH", list, member},
      {"LPOP", list},
      {"LPOP", list, number(0, 3)},
      {"LLEN", list},
      {"LINDEX", list, number(-2, 2)},
      {"LRANGE", list, number(-3, 3), number(-3, 3)},
      {"LREM", list, "1", member},
      {"INCR", prefix_ + "n1"},
      {"GET", prefix_ + "n1"},
      {"MGET", prefix_ + "n1", prefix_ + "n2"},
      {"EXISTS", hash, set, prefix_ + "none"},
      {"DEL", one_of({hash, set, sorted, list, prefix_ + "n1"})},
      {"UNLINK", hash},
      {"HGET", set, member},  // a key of another type
  };
  const auto& command = random_.pick(commands);
  if (command.front() == "HGET" && command[1] == set) return;  // the simulation throws: the platform never does this
  both({command, nullptr, {}});
}

std::string RedisComparison::found(const std::string& id) {
  const auto player_text = [](const std::string& name, const std::string& of) {
    return R"({"player_id":")" + name + R"(","ticket_id":")" + of + R"("})";
  };
  return R"({"match_id":")" + id + R"(","teams":[{"players":[)" + player_text("p1", "t1") + R"(]},{"players":[)" +
         player_text("p2", "t2") + "]}]}";
}

void RedisComparison::queue_script() {
  using namespace matchmaker::scripts;
  const auto partition = std::string("3");
  switch (random_.below(13)) {
    case 0:
    case 1: {
      const auto id = ticket();
      const auto whose =
          random_.chance(0.7) ? "p" + id.substr(1) + "|1500|350" : player() + "|1500|350," + "p5|1400|90.5";
      const bool both_buckets = random_.chance(0.3);
      const auto first = bucket();
      const auto buckets = both_buckets ? "default:duel:eu-west:1,default:duel:us-east:1" : first;
      script(kEnqueue, {id, "hash" + number(1, 1), "0", whose, random_.chance(0.2) ? "g1" : "", "", "duel", "eu-west",
                        "1", "", buckets, partition, random_.chance(0.2) ? "0" : "100000000", "1|2|3", "200000",
                        "1000000", "4096", "300000"});
      return;
    }
    case 2: script(kEnd, {ticket(), "cancelled", random_.chance(0.5) ? player() : "", "cancelled", ""}); return;
    case 3: script(kEnd, {ticket(), "timed_out", partition, token()}); return;
    case 4:
      script_in_run(
          kCommit,
          {run(), partition, token(), bucket(), match(), found(match()), "t1", number(1, 2), "t2", number(1, 2)},
          prefix_);
      return;
    case 5: script(kOutcome, {match(), one_of({"known", "ready", "completed"})}); return;
    case 6: script(kOutcome, {match(), "cancelled", one_of({"no_server", "server_lost"}), "3", "t1", "t2"}); return;
    case 7: {
      const auto reply = script_in_run(
          kTakeLease, {run(), partition, token_, random_.chance(0.8) ? "1" : "", "x-" + number(1, 99), number(0, 20)},
          prefix_);
      if (reply.items.size() > 1) token_ = reply.items[1].text;
      return;
    }
    case 8:
      script(kPoll, {partition, token(), "0", "2000", "10", bucket(), number(0, 3), "2", ticket(), ticket()});
      return;
    case 9: script(kRestamp, {partition, token(), ticket(), "1", number(-9, 0)}); return;
    case 10: script(kRetireBucket, {partition, token(), bucket()}); return;
    case 11: script(kStatus, {random_.chance(0.5) ? ticket() : "", player()}); return;
    default:
      if (random_.chance(0.3))
        script(kSweep, {partition, token(), random_.chance(0.5) ? "-1000" : "900000", "2", "900000"});
      else
        script_in_run(kMakeMatch, {run(), match(), "0", "300000", partition, found(match()), player(), "p5"}, prefix_);
      return;
  }
}

void RedisComparison::generation_script() {
  using namespace matchmaker::scripts;
  const auto key = prefix_ + "generation";
  switch (random_.below(7)) {
    case 0: both({{}, &kReadGeneration, {key}}); return;
    case 1: both({{"g-" + number(1, 9)}, &kBeginVerification, {key}}); return;
    case 2: script_in_run(kAdoptGeneration, {run(), "SINCE", "g-1", number(1, 2), number(0, 3)}, key); return;
    case 3: both({{"g-1", number(0, 3)}, &kRaiseMark, {key}}); return;
    case 4: script(kRestoreMatch, {match(), found(match())}); return;
    case 5: script(kEndOldTickets, {bucket(), random_.chance(0.5) ? "0" : "9000000000000", number(0, 3), "2"}); return;
    default: both({{"SET", prefix_ + "reset", random_.chance(0.5) ? "0" : "9000000000000"}, nullptr, {}});
  }
}

void RedisComparison::event_script() {
  using namespace matchmaker::scripts;
  const auto entries_of = [](const RedisReply& reply, const std::string& first) {
    Arguments arguments{first};
    for (const auto& entry : reply.items) arguments.push_back(entry.text);
    return arguments;
  };
  const bool relayed = random_.chance(0.6);
  const RedisCommand read{{"LRANGE", prefix_ + (relayed ? "outbox" : "sent"), "0", "1"}, nullptr, {}};
  const auto real = redis_->pipeline({read}, Deadline::after(kTimeout));
  auto of_real = entries_of(real->front(), "nats-" + number(1, 2));
  auto of_simulated = entries_of(simulated_->execute(read), of_real.front());
  if (relayed) {
    for (auto* arguments : {&of_real, &of_simulated}) arguments->insert(arguments->begin() + 1, {"900000", "3"});
  }
  const auto* which = relayed ? &kRelayed : &kResent;
  both({of_real, which, {prefix_}}, {of_simulated, which, {prefix_}});
}

void RedisComparison::party_script() {
  using namespace lobby::scripts;
  const auto version = number(1, 3);
  switch (random_.below(4)) {
    case 0: script(kCreate, {"g1", player(), "2", "version", "1", "leader", "p1", "0"}); return;
    case 1:
      script(kChange, {"g1", version, random_.chance(0.5) ? player() : "", "2", "1", "version", number(1, 3), "1",
                       "leader", player(), random_.chance(0.7) ? "invited" : "", "5000"});
      return;
    case 2:
      script(kDepart, {"g1", version, player(), one_of({"stays", "disbands"}), "member_left", "1", "version",
                       number(1, 3), "0"});
      return;
    default: script(kReadParty, {random_.chance(0.5) ? "g1" : "", player()}); return;
  }
}

void RedisComparison::compare_all() {
  for (const auto* name : {"claim", "live", "lease:3", "member", "party:g1"})
    both({{"HGETALL", prefix_ + name}, nullptr, {}});
  for (const auto* name : {"q:default:duel:eu-west:1", "q:default:duel:us-east:1"}) {
    both({{"ZRANGE", prefix_ + name, "0", "-1", "WITHSCORES"}, nullptr, {}});
  }
  for (const auto* name : {"outbox", "sent"}) both({{"LRANGE", prefix_ + name, "0", "-1"}, nullptr, {}});
  for (const auto* id : {"t1", "t2", "t3", "t4"}) both({{"HGETALL", prefix_ + "ticket:" + id}, nullptr, {}});
  both({{"SMEMBERS", prefix_ + "buckets"}, nullptr, {}});
}

TEST_F(RedisComparison, PlainCommandsHaveTheSameReplies) {
  for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    start(seed);
    for (int i = 0; i < 200 && !HasFailure(); ++i) plain_command();
  }
}

TEST_F(RedisComparison, ScriptsHaveTheSameRepliesAndLeaveTheSameState) {
  for (std::uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) {
    start(seed);
    for (int i = 0; i < 150 && !HasFailure(); ++i) {
      const auto roll = random_.unit();
      if (roll < 0.7) queue_script();
      else if (roll < 0.8) generation_script();
      else if (roll < 0.9) party_script();
      else event_script();
      if (i % 10 == 0) compare_all();
    }
    compare_all();
  }
}

TEST_F(RedisComparison, AnUnknownCommandIsAnErrorThatNamesIt) {
  start(1);
  try {
    (void)simulated_->execute({{"GETRANGE", "a", "0", "1"}, nullptr, {}});
    FAIL();
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(), "the simulated Redis has no command GETRANGE");
  }
}

}  // namespace
}  // namespace mm::simulation
