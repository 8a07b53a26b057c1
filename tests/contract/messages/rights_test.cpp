// Tests of the table of bus rights: the permissions of nats-server are generated from it, and every subject of the
// contract is in it.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "common/bus/nats_accounts.h"
#include "common/contracts/bus_rights.h"
#include "common/testing/daemon_table.h"
#include "tests/contract/messages/source.h"

namespace mm::golden {
namespace {

using rights::Use;

std::set<std::string> users_of(std::string_view subject, Use use) {
  std::set<std::string> users;
  for (const auto& right : rights::kTable) {
    const bool wildcard = right.subject.ends_with(".>") || right.subject.ends_with(".*");
    const auto stem = right.subject.substr(0, right.subject.size() - 1);
    const bool holds = wildcard ? subject.starts_with(stem) : subject == right.subject;
    if (right.use == use && holds) users.insert(std::string(right.daemon));
  }
  return users;
}

/// The daemons that send a request to particular addresses: those of instances, or of their own name.
std::set<std::string> users_of_addresses(const std::string& subject) {
  std::set<std::string> users;
  for (const auto& right : rights::kTable) {
    if (right.use == Use::request && right.subject.starts_with(subject + ".")) users.insert(std::string(right.daemon));
  }
  return users;
}

struct Subjects {
  std::set<std::string> requests;
  std::set<std::string> events;
};

Subjects declared() {
  static const std::regex kSubject(R"re(kSubject\{"([^"]+)"\};)re");
  Subjects all;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() + "/common/contracts")) {
    const auto text = read_file(file.path().string());
    for (std::sregex_iterator match(text.begin(), text.end(), kSubject), end; match != end; ++match) {
      // A request declares the type of its answer next to its subject.
      const auto after = text.substr(static_cast<std::size_t>(match->position() + match->length()), 80);
      (after.find("using Answer") < after.find("}") ? all.requests : all.events).insert((*match)[1]);
    }
  }
  return all;
}

TEST(RightsTable, EqualsTheShippedConfiguration) {
  const auto path = source_folder() + "/deployments/nats/accounts.conf";
  if (std::getenv("MM_REWRITE_GOLDEN") != nullptr) std::ofstream(path) << bus::accounts_text();
  EXPECT_EQ(read_file(path), bus::accounts_text()) << "`ninja rewrite_golden` writes the file";
}

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Returns the name of the stream that stores the event, or an empty text.
std::string stream_of(std::string_view subject) {
  for (const auto& stream : streams::kAll) {
    if (subject.starts_with(stream.subjects.substr(0, stream.subjects.size() - 1))) return std::string(stream.name);
  }
  return "";
}

/// Returns the daemons that receive an event: by a consumer of the stream, or by a subscription.
std::set<std::string> readers_of(const std::string& subject) {
  auto readers = users_of(subject, Use::subscribe);
  for (const auto& consumer : rights::kConsumers) {
    const bool all = consumer.subject == consumer.stream.subjects;
    if (all ? stream_of(subject) == consumer.stream.name : consumer.subject == subject) {
      readers.insert(std::string(consumer.daemon));
    }
  }
  return readers;
}

std::string subjects_page() {
  const auto all = declared();
  std::string page = R"(# Subjects

Every subject of the bus, generated from `common/contracts/bus_rights.h` by `ninja rewrite_golden`. nats-server refuses
everything else. The messages are the structs of `common/contracts/` that have the subject as their `kSubject`.

## Requests

| subject | served by | sent by |
|---|---|---|
)";
  for (const auto& subject : all.requests) {
    auto clients = users_of(subject, Use::request);
    clients.merge(users_of_addresses(subject));
    page += "| `" + subject + "` | " + joined(users_of(subject, Use::serve)) + " | " + joined(clients) + " |\n";
  }
  page += R"(
## Events

An event with a stream is stored by JetStream until each reader has acknowledged it. The others reach whoever is connected.

| subject | published by | stream | read by |
|---|---|---|---|
)";
  auto events = all.events;
  events.insert("notify.<player_id>");
  for (const auto& subject : events) {
    page += "| `" + subject + "` | " + joined(users_of(subject, Use::publish)) + " | " + stream_of(subject) + " | " +
            joined(readers_of(subject)) + " |\n";
  }
  return page;
}

TEST(RightsTable, IsPrintedInTheDocuments) {
  const auto path = source_folder() + "/docs/SUBJECTS.md";
  if (std::getenv("MM_REWRITE_GOLDEN") != nullptr) std::ofstream(path) << subjects_page();
  EXPECT_EQ(read_file(path), subjects_page()) << "`ninja rewrite_golden` writes the file";
}

TEST(RightsTable, EveryRequestIsServedByTheDaemonOfItsNameAndHasAClient) {
  const auto requests = declared().requests;
  EXPECT_TRUE(requests.contains("lobby.enqueue"));
  for (const auto& subject : requests) {
    EXPECT_THAT(users_of(subject, Use::serve), ::testing::ElementsAre(subject.substr(0, subject.find('.')))) << subject;
    EXPECT_TRUE(!users_of_addresses(subject).empty() || !users_of(subject, Use::request).empty())
        << "no daemon may send the request " << subject;
  }
}

TEST(RightsTable, EveryDaemonWithAConsumerMayStoreItsOwnDeadLettersAndNoOthers) {
  for (const auto daemon : rights::kDaemons) {
    const bool consumes =
        std::ranges::any_of(rights::kConsumers, [&](const auto& consumer) { return consumer.daemon == daemon; });
    const std::set<std::string> expected = consumes ? std::set{std::string(daemon)} : std::set<std::string>{};
    EXPECT_EQ(users_of(addressed(StoreDeadLetter::kSubject, daemon), Use::request), expected) << daemon;
  }
}

TEST(RightsTable, KnowsTheOwnerOfEachConsumer) {
  EXPECT_EQ(rights::owner_of("MATCH", "session"), "session");
  EXPECT_EQ(rights::owner_of("MATCH", "lobby-ratings-1"), "lobby");
  EXPECT_EQ(rights::owner_of("MATCH", rights::instance_consumer("lobby-ratings", rights::kMaxLobbies)), "lobby");
  EXPECT_EQ(rights::owner_of("TICKET", "lobby"), "lobby");
  for (const char* nobody : {"lobby-ratings", "lobby-ratings-0", "lobby-ratings-9", "gateway", ""}) {
    EXPECT_EQ(rights::owner_of("MATCH", nobody), "") << nobody;
  }
  EXPECT_EQ(rights::owner_of("TICKET", "session"), "");
}

TEST(RightsTable, EveryEventIsPublishedByOneDaemon) {
  const auto events = declared().events;
  EXPECT_TRUE(events.contains("match.completed"));
  for (const auto& subject : events) EXPECT_EQ(users_of(subject, Use::publish).size(), 1u) << subject;
}

TEST(RightsTable, OnlyConsumersReadStreams) {
  for (const auto& right : rights::kTable) {
    if (right.use != Use::subscribe) continue;
    for (const auto& stream : streams::kAll) {
      const auto stem = stream.subjects.substr(0, stream.subjects.find('.') + 1);
      // A plain subscription would receive the reply subject of the daemon that stores the event.
      EXPECT_FALSE(right.subject.starts_with(stem)) << right.daemon << " subscribes to " << right.subject;
    }
  }
}

TEST(RightsTable, NamesOnlyExistingDaemonsAndNamespaces) {
  const std::set<std::string_view> daemons(rights::kDaemons.begin(), rights::kDaemons.end());
  const std::set<std::string_view> names(rights::kNamespaces.begin(), rights::kNamespaces.end());
  for (const auto& right : rights::kTable) {
    EXPECT_TRUE(daemons.contains(right.daemon)) << right.daemon;
    EXPECT_TRUE(names.contains(right.subject.substr(0, right.subject.find('.')))) << right.subject;
  }
  for (const auto& consumer : rights::kConsumers) EXPECT_TRUE(daemons.contains(consumer.daemon)) << consumer.daemon;
}

TEST(RightsTable, HasTheDaemonsSignersAndReadersOfTheDeployment) {
  std::set<std::string_view> expected(rights::kDaemons.begin(), rights::kDaemons.end());
  const auto rows = testing::daemon_table();
  for (const auto& row : rows) {
    EXPECT_EQ(expected.erase(row.name), 1u) << row.name << " is not in rights::kDaemons";
    const bool signs = std::find(rights::kSigners.begin(), rights::kSigners.end(), row.name) != rights::kSigners.end();
    EXPECT_EQ(row.has.contains("event_signing_key"), signs) << row.name;
    for (const auto signer : rights::kSigners) {
      const auto key = "event_key_" + std::string(signer);
      EXPECT_EQ(row.has.contains(key), rights::reads_events_of(row.name, signer)) << row.name << ": " << key;
    }
  }
  EXPECT_THAT(expected, ::testing::IsEmpty()) << "not in deployments/daemons.table";
}

}  // namespace
}  // namespace mm::golden
