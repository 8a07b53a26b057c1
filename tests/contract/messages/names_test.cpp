// Tests that the names of the contract (subjects, streams, headers, frames and problem codes) do not change, and that
// every message has a golden file.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "common/contracts/problem.h"
#include "common/contracts/subjects.h"
#include "common/contracts/work.h"
#include "tests/contract/messages/golden.h"
#include "tests/contract/messages/source.h"

namespace mm::golden {
namespace {

struct Declaration {
  std::string type;
  std::string subject;  ///< empty if the message has none
  std::string event;    ///< the event name of a frame
  std::string answer;
  std::string stream;
};

std::vector<Declaration> declarations() {
  static const std::regex kStruct(R"(^struct (\w+) \{)");
  static const std::regex kSubject(R"re(kSubject\{"([^"]+)"\})re");
  static const std::regex kEvent(R"re(kEvent = "([^"]+)")re");
  static const std::regex kAnswer(R"(using Answer = (\w+);)");
  static const std::regex kStream(R"(kStream = streams::(\w+);)");
  std::vector<Declaration> all;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() + "/common/contracts")) {
    std::istringstream lines(read_file(file.path().string()));
    for (std::string line; std::getline(lines, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kStruct)) all.push_back({match[1], {}, {}, {}, {}});
      if (all.empty()) continue;
      if (std::regex_search(line, match, kSubject)) all.back().subject = match[1];
      if (std::regex_search(line, match, kEvent)) all.back().event = match[1];
      if (std::regex_search(line, match, kAnswer)) all.back().answer = match[1];
      if (std::regex_search(line, match, kStream)) all.back().stream = match[1];
    }
  }
  return all;
}

std::set<std::string> described() {
  static const std::regex kDescribe(R"(void describe\(F&[^,]*, (\w+)&)");
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() + "/common/contracts")) {
    if (file.path().filename() == "fields.h") continue;  // contains only an example
    const auto text = read_file(file.path().string());
    for (std::sregex_iterator match(text.begin(), text.end(), kDescribe), end; match != end; ++match) {
      names.insert((*match)[1]);
    }
  }
  return names;
}

TEST(GoldenFiles, CoverEveryMessage) {
  std::set<std::string> covered;
  for (const auto& names : {party_messages(), event_messages(), player_messages()}) {
    covered.insert(names.begin(), names.end());
  }
  for (const auto& name : described()) {
    EXPECT_TRUE(covered.contains(name)) << name << " has a field list but is in no list of tests/contract/messages";
  }
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() + "/tests/contract/golden")) {
    if (file.path().extension() == ".json") ++files;
  }
  EXPECT_EQ(files, covered.size() + 1) << "a golden file has no message any more";
}

/// All names in one sorted document.
std::string vocabulary() {
  std::map<std::string, std::string> subjects, events, frames, codes;
  for (const auto& one : declarations()) {
    if (!one.event.empty()) frames[one.event] = one.type;
    if (one.subject.empty()) continue;
    if (!one.answer.empty()) subjects[one.subject] = one.type + " -> " + one.answer;
    else events[one.subject] = one.type + (one.stream.empty() ? "" : " in " + one.stream);
  }
  for (const auto& code : kCodes) codes[std::string(code.name)] = std::to_string(code.status);
  json::Writer writer;
  const auto object = [&](const char* name, const std::map<std::string, std::string>& entries) {
    writer.key(name);
    writer.begin_object();
    for (const auto& [key, value] : entries) {
      writer.key(key);
      writer.string(value);
    }
    writer.end_object();
  };
  writer.begin_object();
  object("requests", subjects);
  object("events", events);
  object("frames", frames);
  object("problems", codes);
  std::map<std::string, std::string> streams;
  for (const auto& stream : streams::kAll) streams[std::string(stream.name)] = stream.subjects;
  object("streams", streams);
  using namespace headers;
  object("headers", {{"trace", kTraceparent},
                     {"deadline", kDeadline},
                     {"tenant", kTenant},
                     {"player", kPlayer},
                     {"role", kRole},
                     {"match", kMatch},
                     {"message_id", kMessageId},
                     {"error", kServiceError},
                     {"error_code", kServiceErrorCode},
                     {"frames", std::string(kNotifyPrefix) + "<player_id>"}});
  writer.end_object();
  return writer.take();
}

TEST(Vocabulary, MatchesItsGoldenFile) { compare("Vocabulary", document(vocabulary(), "{}")); }

TEST(Vocabulary, EveryCodeIsInEnumOrderAndHasAnErrorStatus) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kCodes[i].code), i) << kCodes[i].name;
    EXPECT_TRUE(names.insert(kCodes[i].name).second) << kCodes[i].name;
    EXPECT_GE(kCodes[i].status, 400);
    EXPECT_LT(kCodes[i].status, 600);
    EXPECT_EQ(code_named(kCodes[i].name), kCodes[i].code);
  }
}

/// "MatchFound" -> "match_found"
std::string file_name(const std::string& type) {
  std::string name;
  for (const char c : type) {
    if (c >= 'A' && c <= 'Z' && !name.empty()) name += '_';
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// Stored events are kept in streams, outboxes and dead letters, which operators read.
TEST(Vocabulary, StoredEventsHaveNoSecretsAndNoAddresses) {
  static const std::regex kSecret(R"re("[a-z_]*(token|password|secret|key|email|signature)[a-z_]*":)re");
  int events = 0;
  for (const auto& one : declarations()) {
    if (one.stream.empty()) continue;
    ++events;
    const auto golden = read_file(source_folder() + "/tests/contract/golden/" + file_name(one.type) + ".json");
    EXPECT_FALSE(golden.empty()) << one.type;
    EXPECT_FALSE(std::regex_search(golden, kSecret)) << one.type;
  }
  EXPECT_GE(events, 7);
}

TEST(Vocabulary, EverySubjectIsDeclaredOnce) {
  std::set<std::string> seen;
  for (const auto& one : declarations()) {
    if (one.subject.empty()) continue;
    EXPECT_TRUE(seen.insert(one.subject).second) << one.subject;
  }
  EXPECT_TRUE(seen.contains("lobby.enqueue"));
  EXPECT_TRUE(seen.contains("match.found"));
}

// A request without a class would be treated as a change, whatever it does.
TEST(Vocabulary, EveryRequestHasOneClassOfWork) {
  std::multiset<std::string> classified;
  for (const auto& row : kWork) classified.emplace(row.subject);
  std::set<std::string> requests;
  for (const auto& one : declarations()) {
    if (one.subject.empty() || one.answer.empty()) continue;
    requests.insert(one.subject);
    EXPECT_EQ(classified.count(one.subject), 1u) << one.subject << " in common/contracts/work.h";
  }
  for (const auto& subject : classified) EXPECT_TRUE(requests.contains(subject)) << subject;
}

TEST(Work, LeavesRoomForWhatHasBegun) {
  EXPECT_EQ(room_for(Work::read, 4'096), 2'458u);
  EXPECT_EQ(room_for(Work::begin, 4'096), 3'482u);
  EXPECT_EQ(room_for(Work::change, 4'096), 3'482u);
  EXPECT_EQ(room_for(Work::finish, 4'096), 4'096u);
  EXPECT_EQ(room_for(Work::read, 1), 1u) << "a small limit has room for one of each class";
}

}  // namespace
}  // namespace mm::golden
