// Tests of the rights on the bus: for each daemon, with its password at a nats-server with the shipped configuration,
// all subjects in the table of rights are allowed and all others are refused, for publishing and for subscribing.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "common/bus/server.h"
#include "common/contracts/bus_rights.h"
#include "common/contracts/dead_letter.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using testing::eventually;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kUuid = "0190a8b0-0000-7000-8000-000000000000";

/// An example of a subject that matches a pattern of the table.
std::string sample_of(std::string_view pattern) {
  std::string subject(pattern);
  for (auto at = subject.find('*'); at != std::string::npos; at = subject.find('*')) subject.replace(at, 1, kUuid);
  if (subject.ends_with('>')) subject.replace(subject.size() - 1, 1, "anything.at.all");
  return subject;
}

bool matches(std::string_view pattern, std::string_view subject) {
  while (true) {
    const auto p = pattern.substr(0, pattern.find('.'));
    const auto s = subject.substr(0, subject.find('.'));
    if (p == ">") return !s.empty();
    if (p != "*" && p != s) return false;
    const bool pattern_ends = p.size() == pattern.size();
    const bool subject_ends = s.size() == subject.size();
    if (pattern_ends || subject_ends) return pattern_ends && subject_ends;
    pattern.remove_prefix(p.size() + 1);
    subject.remove_prefix(s.size() + 1);
  }
}

bool sends(rights::Use use) { return use == rights::Use::request || use == rights::Use::publish; }

std::set<std::string> subjects_of_the_table() {
  std::set<std::string> all;
  for (const auto& right : rights::kTable) all.insert(sample_of(right.subject));
  return all;
}

bool in_table(std::string_view daemon, bool sending, std::string_view subject) {
  return std::ranges::any_of(rights::kTable, [&](const auto& right) {
    return right.daemon == daemon && sends(right.use) == sending && matches(right.subject, subject);
  });
}

/// The names of the consumers of a daemon in NATS.
std::set<std::string> consumers_of(std::string_view daemon) {
  std::set<std::string> all;
  for (const auto& consumer : rights::kConsumers) {
    if (consumer.daemon != daemon) continue;
    const auto stream = std::string(consumer.stream.name) + ".";
    if (consumer.instances == 0) all.insert(stream + std::string(consumer.name));
    for (int i = 1; i <= consumer.instances; ++i) all.insert(stream + rights::instance_consumer(consumer.name, i));
  }
  return all;
}

class Rights : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<testing::OwnNats>(); }
  static void TearDownTestSuite() { nats_.reset(); }
  void TearDown() override { (void)testing::OwnNats::take_errors(); }  // these tests provoke refusals

  bool may_publish(RawClient& client, std::string_view subject) {
    return client.publish_refusals({std::string(subject)}).empty();
  }
  bool may_subscribe(RawClient& client, std::string_view subject) {
    return client.subscribe_refusals({std::string(subject)}).empty();
  }

  static inline std::unique_ptr<testing::OwnNats> nats_;
};

TEST_F(Rights, OfEverySubjectOfTheContractADaemonMayUseWhatItsRowsSay) {
  for (const auto daemon : rights::kDaemons) {
    RawClient client(nats_->port(), std::string(daemon));
    for (const auto& subject : subjects_of_the_table()) {
      EXPECT_EQ(may_publish(client, subject), in_table(daemon, true, subject)) << daemon << " publishes " << subject;
      EXPECT_EQ(may_subscribe(client, subject), in_table(daemon, false, subject))
          << daemon << " subscribes " << subject;
    }
    EXPECT_TRUE(may_publish(client, "events.violation.something"));
    EXPECT_FALSE(may_subscribe(client, "events.violation.something"));
  }
}

TEST_F(Rights, OnlyTheGatewaySendsItsRequestsToParticularInstances) {
  for (const auto daemon : rights::kDaemons) {
    RawClient client(nats_->port(), std::string(daemon));
    for (const auto& right : rights::kTable) {
      if (right.use != rights::Use::request || right.subject.ends_with('*')) continue;
      if (right.subject.starts_with(StoreDeadLetter::kSubject.text))
        continue;  // has the address of its letters already
      const auto to_instance = addressed({right.subject}, kUuid);
      EXPECT_EQ(may_publish(client, to_instance), daemon == "gateway" && in_table(daemon, true, right.subject))
          << daemon << " publishes " << to_instance;
      EXPECT_EQ(may_subscribe(client, to_instance), in_table(daemon, false, right.subject))
          << daemon << " subscribes " << to_instance;
    }
  }
}

TEST_F(Rights, ADaemonReadsItsOwnInboxesAndNobodyElses) {
  for (const auto daemon : rights::kDaemons) {
    RawClient client(nats_->port(), std::string(daemon));
    for (const auto other : rights::kDaemons) {
      const auto prefix = rights::inbox_prefix(other);
      for (const auto& inbox : {prefix + ".>", prefix + ".abc", prefix + ".*.1"}) {
        EXPECT_EQ(may_subscribe(client, inbox), daemon == other) << daemon << " subscribes " << inbox;
        EXPECT_FALSE(may_publish(client, sample_of(inbox))) << daemon << " publishes " << inbox;
      }
    }
    for (const char* inbox : {"_INBOX.>", "_INBOX.*", "_INBOX.abc.1", "_R_.>"}) {
      EXPECT_FALSE(may_subscribe(client, inbox)) << daemon << " subscribes " << inbox;
      EXPECT_FALSE(may_publish(client, sample_of(inbox))) << daemon << " publishes " << inbox;
    }
  }
}

TEST_F(Rights, OfJetStreamADaemonMayUseItsOwnConsumersAndNothingElse) {
  std::set<std::string> every;
  for (const auto daemon : rights::kDaemons) every.merge(consumers_of(daemon));
  for (const auto daemon : rights::kDaemons) {
    RawClient client(nats_->port(), std::string(daemon));
    const auto own = consumers_of(daemon);
    for (const auto& consumer : every) {
      for (const char* call : {"INFO.", "MSG.NEXT."}) {
        const auto subject = std::string("$JS.API.CONSUMER.") + call + consumer;
        EXPECT_EQ(may_publish(client, subject), own.contains(consumer)) << daemon << " publishes " << subject;
      }
      for (const char* call : {"DELETE.", "DURABLE.CREATE.", "CREATE."}) {
        EXPECT_FALSE(may_publish(client, std::string("$JS.API.CONSUMER.") + call + consumer)) << daemon;
      }
      EXPECT_EQ(may_publish(client, "$JS.ACK." + consumer + ".1.1.1.1.0"), own.contains(consumer)) << daemon;
    }
  }
}

TEST_F(Rights, NoDaemonMayDoWhatOpensTheBus) {
  const std::vector<std::string> to_publish{
      "$JS.API.INFO",
      "$JS.API.STREAM.NAMES",
      "$JS.API.STREAM.CREATE.EVIL",
      "$JS.API.STREAM.CREATE.MATCH",
      "$JS.API.STREAM.UPDATE.MATCH",
      "$JS.API.STREAM.DELETE.MATCH",
      "$JS.API.STREAM.PURGE.MATCH",
      "$JS.API.STREAM.MSG.GET.MATCH",
      "$JS.API.STREAM.MSG.DELETE.MATCH",
      "$JS.API.STREAM.SNAPSHOT.MATCH",
      "$JS.API.STREAM.RESTORE.MATCH",
      "$JS.API.CONSUMER.CREATE.MATCH",
      "$JS.API.CONSUMER.CREATE.MATCH.evil",
      "$JS.API.CONSUMER.DURABLE.CREATE.MATCH.evil",
      "$JS.API.DIRECT.GET.MATCH",
      "$JS.FC.MATCH.x",
      "$SYS.REQ.SERVER.PING",
      "$SYS.REQ.ACCOUNT.PING.CONNZ",
      "$SRV.PING",
      "match.anything",
      "ticket.anything",
      "nowhere",
      "_GR_.x",
      "$KV.x.y",
  };
  const std::vector<std::string> to_subscribe{
      ">",         "*",      "*.*",    "*.>",     "*.*.*",   "profile.>", "$JS.>",    "$JS.API.>", "$JS.EVENT.>",
      "$JS.ACK.>", "$SYS.>", "$SRV.>", "match.>", "match.*", "ticket.*",  "events.>", "_INBOX*.>", "nowhere",
  };
  for (const auto daemon : rights::kDaemons) {
    RawClient client(nats_->port(), std::string(daemon));
    for (const auto& subject : to_publish)
      EXPECT_FALSE(may_publish(client, subject)) << daemon << " publishes " << subject;
    for (const auto& subject : to_subscribe) {
      if (subject == std::string(daemon) + ".>") continue;  // the pattern of the subjects that the daemon serves
      EXPECT_FALSE(may_subscribe(client, subject)) << daemon << " subscribes " << subject;
    }
  }
}

TEST_F(Rights, AnAnswerIsAllowedOnceAndOnlyToWhoWasAsked) {
  RawClient lobby(nats_->port(), "lobby");
  RawClient gateway(nats_->port(), "gateway");
  RawClient profile(nats_->port(), "profile");
  lobby.subscribe("lobby.get");
  gateway.subscribe("_INBOX_gateway.one");
  ASSERT_TRUE(lobby.synchronise() && gateway.synchronise());
  gateway.publish("lobby.get", "_INBOX_gateway.one", "", "question");
  ASSERT_TRUE(lobby.next());
  EXPECT_FALSE(may_publish(profile, "_INBOX_gateway.one"));
  EXPECT_TRUE(may_publish(lobby, "_INBOX_gateway.one"));
  EXPECT_FALSE(may_publish(lobby, "_INBOX_gateway.one"));
  EXPECT_TRUE(gateway.next());
  EXPECT_FALSE(gateway.next(Milliseconds{100}));
}

// nats-server allows an answer to any reply subject, such as a subject of a stream or of the JetStream API.
TEST_F(Rights, ARequestThatWantsItsAnswerElsewhereThanInAnInboxIsNotAnswered) {
  metrics::Registry metrics;
  const auto bus = connect(*nats_, metrics, "lobby");
  std::atomic<int> handled{0};
  Server server(*bus, {.name = "lobby"}, metrics);
  server.serve<GetParty>([&](const GetParty&, const Context&) -> Reply<Party> {
    ++handled;
    return refuse(Code::not_found);
  });
  server.start();
  RawClient gateway(nats_->port(), "gateway");
  RawClient listener(nats_->port());
  for (const char* subject : {"$JS.API.STREAM.PURGE.MATCH", "match.completed", "$SRV.PING"})
    listener.subscribe(subject);
  ASSERT_TRUE(listener.synchronise());
  for (const char* reply : {"$JS.API.STREAM.PURGE.MATCH", "match.completed", "$SRV.PING"}) {
    gateway.publish("lobby.get", reply, "", "{}");
  }
  gateway.publish("lobby.get", "_INBOX_gateway.last", "", "{}");
  EXPECT_TRUE(eventually([&] { return handled == 1; }));
  EXPECT_THAT(metrics.expose(), ::testing::HasSubstr("mm_bus_requests_without_reply_total 3"));
  EXPECT_FALSE(listener.next(Milliseconds{100}));
}

TEST_F(Rights, TheOperatorListensToEverythingButInboxes) {
  RawClient engineer(nats_->port(), "operator");
  for (const auto name : rights::kNamespaces) {
    EXPECT_TRUE(may_subscribe(engineer, std::string(name) + ".>")) << name;
    EXPECT_TRUE(may_publish(engineer, std::string(name) + ".x")) << name;
  }
  for (const char* subject : {">", "$SRV.>", "$JS.EVENT.>", "$JS.API.>", "_INBOX.>", "_INBOX.abc.*"}) {
    EXPECT_TRUE(may_subscribe(engineer, subject)) << subject;
  }
  for (const auto& subject :
       {std::string("$SRV.PING"), std::string("$SRV.INFO.lobby"), std::string("$JS.API.STREAM.INFO.MATCH")}) {
    EXPECT_TRUE(may_publish(engineer, subject)) << subject;
  }
  for (const char* subject : {"$JS.API.STREAM.CREATE.EVIL", "$JS.API.STREAM.UPDATE.MATCH",
                              "$JS.API.STREAM.DELETE.MATCH", "$JS.API.STREAM.PURGE.MATCH", "$SYS.REQ.SERVER.PING"}) {
    EXPECT_FALSE(may_publish(engineer, subject)) << subject;
  }
  for (const auto daemon : rights::kDaemons) {
    const auto prefix = rights::inbox_prefix(daemon);
    EXPECT_FALSE(may_publish(engineer, prefix + ".abc.1"));
    for (const auto& inbox : {prefix + ".>", prefix + ".abc.1", prefix + ".*.1"}) {
      EXPECT_FALSE(may_subscribe(engineer, inbox)) << inbox;
    }
  }
  for (const char* overlapping : {"*.>", "*.*", "*.*.*", "*.abc.*", "*.*.1"}) {
    EXPECT_FALSE(may_subscribe(engineer, overlapping)) << overlapping;
  }
}

TEST_F(Rights, ASubscriptionToEverythingShowsRequestsAndNoAnswersToDaemons) {
  RawClient engineer(nats_->port(), "operator");
  engineer.subscribe(">");
  ASSERT_TRUE(engineer.synchronise());
  metrics::Registry lobby_metrics;
  metrics::Registry gateway_metrics;
  const auto lobby = connect(*nats_, lobby_metrics, "lobby");
  const auto gateway = connect(*nats_, gateway_metrics, "gateway");
  Server server(*lobby, {.name = "lobby"}, lobby_metrics);
  server.serve<GetParty>(
      [](const GetParty&, const Context&) -> Reply<Party> { return refuse(Code::not_found, "a secret"); });
  server.start();
  EXPECT_EQ(gateway->request(GetParty{}, {}, soon()).error().code, Code::not_found);
  ASSERT_TRUE(gateway->publish(PresenceChanged{PlayerId::fresh(SystemClock{}.now()), default_tenant(), true}).ok());
  std::vector<std::string> heard;
  while (heard.empty() || heard.back() != PresenceChanged::kSubject.text) {
    const auto message = engineer.next();
    ASSERT_TRUE(message.has_value());
    heard.push_back(message->subject);
  }
  EXPECT_THAT(heard, ::testing::Contains("lobby.get"));
  for (const auto& subject : heard) EXPECT_FALSE(subject.starts_with("_INBOX_")) << subject;
}

TEST_F(Rights, WhatADaemonNeedsOfNatsWorks) {
  metrics::Registry metrics;
  const auto session = connect(*nats_, metrics, "session");
  EXPECT_TRUE(session->store(MatchReady{}, "rights.ready", soon()).ok());
  EXPECT_FALSE(session->store(MatchFound{}, "rights.found", soon(300)).ok());
  EXPECT_THAT(testing::OwnNats::take_errors(), SizeIs(1));
  EXPECT_TRUE(eventually([&] { return session->refused(); }));
}

TEST_F(Rights, NobodyGetsInWithoutAPassword) {
  metrics::Registry metrics;
  Options options;
  options.url = nats_->url();
  EXPECT_FALSE(Bus::connect(options, metrics, soon(300)).ok());
}

}  // namespace
}  // namespace mm::bus
