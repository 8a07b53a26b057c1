#include "tests/chaos/proxy/commit_watch.h"

#include <gtest/gtest.h>

namespace mm::chaos {
namespace {

std::string number(std::size_t value) {
  std::string text(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) text[i] = static_cast<char>(value >> (24 - 8 * i) & 0xFFU);
  return text;
}

std::string packet(std::size_t code, const std::string& body = "") {
  return number(8 + body.size()) + number(code) + body;
}

std::string framed(char type, const std::string& body) { return type + number(4 + body.size()) + body; }

std::string text(const std::string& words) { return words + '\0'; }

const std::string kStartup = packet(80'877'103) + packet(196'608, text("user") + text("mm_session") + text(""));
const std::string kCommit = framed('Q', text("COMMIT"));

TEST(CommitWatch, FindsACommitAfterTheStartup) {
  CommitWatch watch;
  EXPECT_EQ(watch.feed(kStartup + framed('p', "secret") + framed('Q', text("BEGIN"))), 0);
  EXPECT_EQ(watch.feed(framed('Q', text("INSERT INTO t VALUES ('COMMIT')"))), 0);
  EXPECT_EQ(watch.feed(kCommit), 1);
  EXPECT_EQ(watch.feed(kCommit + framed('Q', text("BEGIN")) + kCommit), 2);
}

TEST(CommitWatch, TheCutsBetweenReadsDoNotMatter) {
  CommitWatch watch;
  const auto stream = kStartup + framed('Q', text("BEGIN")) + kCommit;
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) ASSERT_EQ(watch.feed(stream.substr(i, 1)), 0) << i;
  EXPECT_EQ(watch.feed(stream.substr(stream.size() - 1)), 1) << "only the last byte completes the commit";
}

TEST(CommitWatch, FindsTheExecutionOfAPreparedCommit) {
  CommitWatch watch;
  watch.feed(kStartup);
  const auto bind = [](const std::string& statement) {
    return framed('B', text("") + text(statement) + std::string(6, '\0'));
  };
  const auto execute = framed('E', text("") + number(0));
  const auto sync = framed('S', "");
  EXPECT_EQ(watch.feed(framed('P', text("end") + text("COMMIT") + std::string(2, '\0')) + sync), 0);
  EXPECT_EQ(watch.feed(framed('P', text("read") + text("SELECT 1") + std::string(2, '\0')) + sync), 0);
  EXPECT_EQ(watch.feed(bind("end") + execute), 0) << "nothing is executed before the Sync";
  EXPECT_EQ(watch.feed(sync), 1);
  EXPECT_EQ(watch.feed(bind("read") + execute + sync), 0) << "the same portal with another statement";
}

TEST(CommitWatch, SkipsLargeMessages) {
  CommitWatch watch;
  watch.feed(kStartup);
  const auto large = framed('Q', text(std::string(3'000'000, 'x')));
  for (std::size_t at = 0; at < large.size(); at += 65'536) EXPECT_EQ(watch.feed(large.substr(at, 65'536)), 0);
  EXPECT_EQ(watch.feed(kCommit), 1);
}

TEST(CommitWatch, KnowsTheWordsThatCommit) {
  for (const char* sql :
       {"COMMIT", "commit;", " Commit ; \n", "INSERT INTO t VALUES (1); COMMIT", "END", "UPDATE t SET a = 1;COMMIT"}) {
    EXPECT_TRUE(ends_with_commit(sql)) << sql;
  }
  for (const char* sql : {"", ";", "ROLLBACK", "SELECT 'COMMIT'", "SELECT CASE WHEN a THEN b END", "SELECT commit",
                          "COMMIT; SELECT 1", "BEGIN"}) {
    EXPECT_FALSE(ends_with_commit(sql)) << sql;
  }
}

}  // namespace
}  // namespace mm::chaos
