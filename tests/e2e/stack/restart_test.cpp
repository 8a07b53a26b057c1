// Tests restarts of each store, orderly and by a kill, and of the whole stack, after some matches were played: every
// key, row and event is kept, and players go on from their former state.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <map>

#include "common/storage/redis.h"
#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/processes.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

constexpr Milliseconds kRestartTimeout{90'000};

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

/// The content of all stores as text, by the name of a key, table or stream.
using Content = std::map<std::string, std::string>;

std::string setting(const std::string& name) {
  const auto printed = Stack::instance().control("env").output;
  const auto at = printed.find(name + "=") + name.size() + 1;
  return printed.substr(at, printed.find('\n', at) - at);
}

/// The options for a URL redis://user:password@host:port.
storage::RedisOptions redis_options(const std::string& url) {
  const auto user = url.find("//") + 2, colon = url.find(':', user), at = url.find('@');
  storage::RedisOptions options;
  options.url = "redis://" + url.substr(user, colon - user) + url.substr(at);
  options.password = url.substr(colon + 1, at - colon - 1);
  return options;
}

/// The whole value as text, in an order that does not depend on the encoding in Redis.
std::string value_of(storage::Redis& redis, const std::string& key) {
  const auto type = redis.command({"TYPE", key}, soon())->text;
  const std::map<std::string, storage::Arguments> readers{{"string", {"GET", key}},
                                                          {"hash", {"HGETALL", key}},
                                                          {"list", {"LRANGE", key, "0", "-1"}},
                                                          {"set", {"SMEMBERS", key}},
                                                          {"zset", {"ZRANGE", key, "0", "-1", "WITHSCORES"}},
                                                          {"stream", {"XRANGE", key, "-", "+"}}};
  const auto value = redis.command(readers.at(type), soon());
  if (!value) return value.error().text;
  std::vector<std::string> parts;
  const std::size_t step = type == "hash" || type == "zset" ? 2 : 1;
  for (std::size_t i = 0; i + step <= value->items.size(); i += step) {
    // An item of a stream is its id and its fields.
    const auto& item = type == "stream" ? value->items[i].items.at(0) : value->items[i];
    parts.push_back(item.text + (step == 2 ? "=" + value->items[i + 1].text : ""));
  }
  // A stored event begins with the id of the nats-server that confirmed it, which changes when the event is resent.
  if (key.ends_with(":sent")) {
    for (auto& part : parts) part.erase(0, part.find(' '));
  }
  if (type == "hash" || type == "set" || key.ends_with(":sent")) std::sort(parts.begin(), parts.end());
  std::string text = type + " " + value->text;
  for (const auto& part : parts) text += "\n" + part;
  return text + "\n" + std::to_string(redis.command({"PEXPIRETIME", key}, soon())->integer);
}

void add_keys(Content& content) {
  storage::Redis redis(redis_options(setting("MM_REDIS_QUEUE_URL")));
  const auto keys = redis.command({"KEYS", "*"}, soon());
  ASSERT_TRUE(keys.ok()) << keys.error().text;
  for (const auto& key : keys->items) {
    // mm:pulses has counters that each matchmaker increments many times a second.
    if (key.text != "mm:pulses") content["key " + key.text] = value_of(redis, key.text);
  }
}

/// The id of the nats-server that confirmed a row of the outbox is left out, because it changes when the row is resent.
void add_rows(Content& content) {
  const auto read =
      Stack::instance().shell("eval \"$(MM_STATE=" + Stack::instance().folder() +
                              "/state ops/stack env)\"; psql -X -A -t -d \"$MM_POSTGRES_URL\" -c \""
                              "SELECT format(\\$\\$%s.%s\\$\\$, schemaname, tablename), query_to_xml(format("
                              "\\$\\$SELECT to_jsonb(t) - array[\\$q\\$sent_under\\$q\\$] AS row FROM %I.%I t ORDER BY "
                              "1\\$\\$, schemaname, tablename),"
                              " false, true, \\$\\$\\$\\$) FROM pg_tables WHERE schemaname NOT IN "
                              "(\\$\\$pg_catalog\\$\\$, \\$\\$information_schema\\$\\$)\"");
  ASSERT_EQ(read.status, 0) << read.output;
  std::string table;
  std::istringstream lines(read.output);
  for (std::string line; std::getline(lines, line);) {
    if (const auto bar = line.find("|<row"); bar != line.npos) table = line.substr(0, bar);
    content["table " + table] += line + "\n";
  }
}

void add_streams(Content& content) {
  const int port = Stack::instance().port_base() + 14;  // ops/stack.d/layout.sh: nats-monitor
  const auto answer = http("GET", "http://127.0.0.1:" + std::to_string(port) + "/jsz?streams=true&accounts=true");
  ASSERT_EQ(answer.status, 200) << answer.body;
  for (std::size_t account = 0; account < answer.size("account_details"); ++account) {
    const auto details = "account_details." + std::to_string(account) + ".stream_detail";
    for (std::size_t i = 0; i < answer.size(details); ++i) {
      const auto stream = details + "." + std::to_string(i);
      if (answer.at(stream + ".name") == "CANARY") continue;  // nats_watch writes to this stream all the time
      content["stream " + answer.at(stream + ".name")] =
          answer.at(stream + ".state.messages") + " up to " + answer.at(stream + ".state.last_seq");
    }
  }
}

Content content() {
  Content all;
  add_keys(all);
  add_rows(all);
  add_streams(all);
  return all;
}

void expect_same(const Content& before, const Content& after) {
  for (const auto& [name, value] : before) {
    const auto found = after.find(name);
    ASSERT_NE(found, after.end()) << name << " is gone";
    EXPECT_EQ(found->second, value) << name;
  }
  for (const auto& [name, value] : after) EXPECT_TRUE(before.contains(name)) << name << " is new: " << value;
}

/// Freezes all daemons while the object lives, so that they do not write.
class StandStill {
 public:
  StandStill() { signal(SIGSTOP); }
  ~StandStill() { signal(SIGCONT); }
  StandStill(const StandStill&) = delete;
  StandStill& operator=(const StandStill&) = delete;

 private:
  static void signal(int number) {
    for (const auto& daemon : daemon_processes()) kill(Stack::instance().pid_of(daemon), number);
  }
};

void expect_ready(const std::vector<std::string>& names) {
  EXPECT_TRUE(testing::eventually(
      [&] {
        return std::all_of(names.begin(), names.end(), [](const auto& name) { return Stack::instance().ready(name); });
      },
      kRestartTimeout))
      << Stack::instance().control("status").output;
}

/// The state before the restarts: two players who have played and are rated, two who are queued in a party, one who is
/// queued alone, and one who only has a login.
class Evening {
 public:
  Evening() {
    EXPECT_EQ(party_.status, 201) << party_.body;
    const auto path = "/v1/party/" + party_.at("party_id");
    EXPECT_EQ(member_.post(path + "/join").status, 200);
    for (const auto* player : {&leader_, &member_}) {
      EXPECT_EQ(player->post(path + "/ready", R"({"ready":true})").status, 200);
    }
    together_ = leader_.post("/v1/party/queue",
                             R"({"party_id":")" + party_.at("party_id") + R"(","mode":"ranked","team_size":5})");
    alone_ =
        loner_.post("/v1/matchmaking/queue", R"({"mode":"ranked","team_size":5})", {{"Idempotency-Key", "evening"}});
    EXPECT_EQ(alone_.status, 201) << alone_.body;
    play();
  }

  void expect_all_there() const {
    EXPECT_TRUE(
        testing::eventually([this] { return loner_.get("/v1/matchmaking/active").status == 200; }, kRestartTimeout));
    EXPECT_EQ(loner_.get("/v1/matchmaking/queue/" + alone_.at("ticket_id")).at("status"), "SEARCHING");
    EXPECT_EQ(leader_.get("/v1/matchmaking/queue/" + together_.at("ticket_id")).at("status"), "SEARCHING");
    EXPECT_EQ(member_.get("/v1/party/" + party_.at("party_id")).size("members"), 2u);
    EXPECT_EQ(winner_.get("/v1/matches/history").size("matches"), 1u);
    const auto again =
        loner_.post("/v1/matchmaking/queue", R"({"mode":"ranked","team_size":5})", {{"Idempotency-Key", "evening"}});
    EXPECT_EQ(again.at("ticket_id"), alone_.at("ticket_id")) << again.body;
    EXPECT_EQ(http("POST", gateway("/v1/auth/login"),
                   R"({"username":")" + sleeper_.name() + R"(","password":")" + sleeper_.password() + R"("})")
                  .status,
              200);
  }

  /// A refresh token can be used once, so this is called at the end.
  void expect_login_kept() const {
    const auto answer =
        http("POST", gateway("/v1/auth/refresh"), R"({"refresh_token":")" + sleeper_.refresh_token() + R"("})");
    EXPECT_EQ(answer.status, 200) << answer.body;
  }

 private:
  void play() const {
    for (const auto* player : {&winner_, &loser_}) {
      EXPECT_EQ(player->post("/v1/matchmaking/queue", R"({"mode":"duel"})").status, 201);
    }
    for (const auto* player : {&winner_, &loser_}) {
      EXPECT_TRUE(testing::eventually([&] { return player->get("/v1/matches/history").size("matches") == 1; },
                                      kRestartTimeout));
    }
  }

  Player leader_ = Player::fresh_after_outage("sa-test"), member_ = Player::fresh("sa-test");
  Player loner_ = Player::fresh("sa-test"), sleeper_ = Player::fresh("sa-test");
  Player winner_ = Player::fresh("sa-duel"), loser_ = Player::fresh("sa-duel");
  Answer party_ = leader_.post("/v1/party", R"({"max_size":5})");
  Answer together_, alone_;
};

Evening& evening() {
  static Evening evening;
  return evening;
}

void restart_in_order(const std::string& store) {
  const auto done =
      Stack::instance().shell("SVDIR=" + Stack::instance().folder() + "/state/service sv -w 30 restart " + store);
  EXPECT_EQ(done.status, 0) << done.output;
}

void kill_hard(const std::string& name) {
  const int before = Stack::instance().pid_of(name);
  ASSERT_GT(before, 0);
  ASSERT_EQ(kill(before, SIGKILL), 0);
  EXPECT_TRUE(testing::eventually(
      [&] {
        const int now = Stack::instance().pid_of(name);
        return now > 0 && now != before;
      },
      kRestartTimeout));
}

// A restart clears the ACL LOG, so this test runs before the restarts. Only the operator may read it.
TEST(StoreRights, NoDaemonWasRefusedAKeyOrACommand) {
  evening();
  for (const char* instance : {"MM_REDIS_QUEUE_URL", "MM_REDIS_CACHE_URL"}) {
    storage::Redis redis(redis_options(setting(instance)));
    const auto refusals = redis.command({"ACL", "LOG"}, soon());
    ASSERT_TRUE(refusals.ok()) << refusals.error().text;
    for (const auto& refusal : refusals->items) {
      std::string words;
      for (const auto& word : refusal.items) words += word.text + " ";
      ADD_FAILURE() << instance << ": " << words;
    }
  }
}

class RestartedStore : public ::testing::TestWithParam<const char*> {};

TEST_P(RestartedStore, HasEveryKeyRowAndEvent) {
  const std::string store = GetParam();
  evening();
  const auto restart = [&](void (*how)(const std::string&)) {
    const StandStill daemons;
    const auto before = content();
    how(store);
    expect_ready({store});
    expect_same(before, content());
  };
  restart(restart_in_order);
  restart(kill_hard);
  expect_ready(daemon_processes());
  evening().expect_all_there();
}

INSTANTIATE_TEST_SUITE_P(Each, RestartedStore, ::testing::Values("nats", "redis-queue", "postgres"),
                         [](const auto& row) {
                           std::string name = row.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

/// Removes what daemons write as soon as they run: leases and measured values. The rest must stay the same.
Content lasting(Content all) {
  std::erase_if(all, [](const auto& entry) {
    for (const auto* changing :
         {"}:lease:", "}:epoch", "}:stats", "mm:generation", "session.queue_generation", "stream "}) {
      if (entry.first.find(changing) != std::string::npos) return true;
    }
    return false;
  });
  return all;
}

/// True if no grace time runs. Players of other tests have closed their sockets, which would change parties and tickets
/// during the restart.
bool nobody_is_about_to_be_absent() {
  storage::Redis redis(redis_options(setting("MM_REDIS_QUEUE_URL")));
  const auto keys = redis.command({"KEYS", "mm:*:party_due"}, soon());
  if (!keys) return false;
  for (const auto& key : keys->items) {
    const auto due = redis.command({"ZRANGE", key.text, "0", "-1"}, soon());
    if (!due) return false;
    for (const auto& entry : due->items) {
      if (!entry.text.starts_with("invite:")) return false;
    }
  }
  return true;
}

Content content_now() {
  const StandStill daemons;
  return lasting(content());
}

TEST(RestartedStack, HasEveryKeyAndRowAfterAKillOfEverythingAtOnce) {
  evening();
  EXPECT_TRUE(testing::eventually(nobody_is_about_to_be_absent, kRestartTimeout));
  const auto before = content_now();
  const auto all = all_processes();
  for (const auto& name : all) kill(Stack::instance().pid_of(name), SIGKILL);
  expect_ready(all);
  expect_same(before, content_now());
  evening().expect_all_there();
}

TEST(RestartedStack, HasEveryKeyAndRowAfterDownAndUp) {
  evening();
  EXPECT_TRUE(testing::eventually(nobody_is_about_to_be_absent, kRestartTimeout));
  const auto before = content_now();
  EXPECT_EQ(Stack::instance().control("down").status, 0);
  const auto up = Stack::instance().control("up");
  EXPECT_EQ(up.status, 0) << up.output;
  expect_same(before, content_now());
  evening().expect_all_there();
  evening().expect_login_kept();
}

/// The value of a series of the matchmaker.
double matchmaker_metric(const std::string& series) {
  const int port = Stack::instance().port_base() + 30;  // deployments/daemons.table
  const auto page = "\n" + http("GET", "http://127.0.0.1:" + std::to_string(port) + "/metrics").body;
  const auto at = page.find("\n" + series + " ");
  return at == page.npos ? 0 : std::stod(page.substr(at + series.size() + 2));
}

/// Redis "queue" goes back: it is emptied while it runs ("emptied"), or replaced by an earlier copy of its file
/// ("older"). The last tests of this file, because the players of the evening lose their tickets.
class LostQueue : public ::testing::TestWithParam<const char*> {
 protected:
  bool older() const { return GetParam() == std::string("older"); }
  static void shell(const std::string& command) {
    const auto state = Stack::instance().folder() + "/state";
    const auto done = Stack::instance().shell("export SVDIR=" + state + "/service; cd " + state + " && " + command);
    EXPECT_EQ(done.status, 0) << done.output;
  }
  void keep_copy() const {
    if (!older()) return;
    shell("sv -w 30 stop redis-queue && rm -rf copy && cp -a redis-queue/appendonlydir copy && sv start redis-queue");
    expect_ready({"redis-queue", "matchmaker-1", "gateway-1", "lobby-1"});
  }
  void lose() const {
    if (older()) {
      return shell(
          "sv -w 30 stop redis-queue && rm -rf redis-queue/appendonlydir && "
          "cp -a copy redis-queue/appendonlydir && sv start redis-queue");
    }
    storage::Redis redis(redis_options(setting("MM_REDIS_QUEUE_URL")));
    const auto done =
        redis.command({"EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) end", "0"}, soon());
    EXPECT_TRUE(done.ok());
  }
};

TEST_P(LostQueue, PlayersLearnOfItAndMatchesGoOn) {
  const auto winner = Player::fresh_after_outage("sa-lost"), loser = Player::fresh("sa-lost");
  keep_copy();
  const auto waiting = Player::fresh_after_outage("sa-wait");
  Socket socket(websocket("/v1/ws"), waiting.token());
  ASSERT_NE(socket.wait_for("welcome"), "");
  const auto party = waiting.post("/v1/party", R"({"max_size":5})");
  ASSERT_EQ(party.status, 201) << party.body;
  const auto ticket = waiting.post("/v1/matchmaking/queue", R"({"mode":"ranked","team_size":5})");
  ASSERT_EQ(ticket.status, 201) << ticket.body;
  ASSERT_NE(socket.wait_for("queue_entered"), "");
  Socket game(websocket("/v1/ws"), winner.token());
  ASSERT_NE(game.wait_for("welcome"), "");
  for (const auto* player : {&winner, &loser}) {
    ASSERT_EQ(player->post("/v1/matchmaking/queue", R"({"mode":"duel"})").status, 201);
  }
  ASSERT_NE(game.wait_for("session_ready"), "");
  const auto series = R"(mm_matchmaker_store_went_back_total{store="redis_queue"})";
  const auto before = matchmaker_metric(series);
  lose();

  const auto left = socket.wait_for("queue_left", kRestartTimeout);
  EXPECT_EQ(member(left, "data.reason"), "queue_reset") << left;
  EXPECT_EQ(member(left, "data.ticket_id"), ticket.at("ticket_id")) << left;
  EXPECT_NE(socket.wait_for("party_disbanded"), "");
  EXPECT_NE(socket.wait_for("welcome"), "");
  EXPECT_EQ(matchmaker_metric(series), before + 1);
  expect_ready(daemon_processes());
  const auto gone = waiting.get("/v1/matchmaking/queue/" + ticket.at("ticket_id"));
  EXPECT_EQ(gone.status, 404);
  EXPECT_NE(gone.at("detail").find("reset"), std::string::npos) << gone.body;
  // The login is lost too; the player logs in again.
  const auto refresh =
      http("POST", gateway("/v1/auth/refresh"), R"({"refresh_token":")" + waiting.refresh_token() + R"("})");
  EXPECT_EQ(refresh.status, 401);
  EXPECT_EQ(refresh.at("code"), "invalid_refresh_token");
  EXPECT_TRUE(testing::eventually(
      [&] { return waiting.post("/v1/matchmaking/queue", R"({"mode":"ranked","team_size":5})").status == 201; },
      kRestartTimeout));
  // The match that ran is played once.
  for (const auto* player : {&winner, &loser}) {
    EXPECT_TRUE(
        testing::eventually([&] { return player->get("/v1/matches/history").size("matches") == 1; }, kRestartTimeout));
    EXPECT_EQ(member(player->get("/v1/matchmaking/active").body, "ticket"), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Each, LostQueue, ::testing::Values("emptied", "older"),
                         [](const auto& row) { return std::string(row.param); });

}  // namespace
}  // namespace mm::e2e
