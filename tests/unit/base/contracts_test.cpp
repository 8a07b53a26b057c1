// Tests of names, problem codes, mode rules and subjects of the contracts.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/contracts/modes.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/contracts/subjects.h"

namespace mm {
namespace {

template <class Name>
void expect_accepts(std::initializer_list<std::string> good, std::initializer_list<std::string> bad) {
  for (const auto& text : good) {
    const auto name = Name::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->str(), text);
  }
  for (const auto& text : bad) EXPECT_FALSE(Name::parse(text)) << text;
}

TEST(Names, MustMatchTheirPattern) {
  expect_accepts<Mode>({"ranked", "a", "2v2_pro", std::string(32, 'x')},
                       {"", "Ranked", "a-b", "a b", "a.b", "a*", "a>", std::string(33, 'x'), "r\xC3\xA9"});
  expect_accepts<Region>({"eu-west", "us-e"}, {"", "eu", "eu-", "e-west", "eur-west", "EU-west", "eu_west", "eu-west1",
                                               "eu-" + std::string(30, 'x'), "eu-west\n"});
  expect_accepts<Tenant>({"default", "my-game_2"}, {"", "My", "a.b", "a:b", "{a}", "a/b", std::string(33, 'x')});
  expect_accepts<Season>({"s1", "s0", "s9999"}, {"", "s", "s12345", "S1", "1", "s-1", "../", "s1 "});
}

TEST(Names, NeverContainSeparatorsOfKeysOrSubjects) {
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    if (!Tenant::parse(text)) continue;
    EXPECT_EQ(std::string(":{}.*> \r\n|").find(text), std::string::npos) << c;
  }
}

TEST(ProblemCodes, AreListedInTheOrderOfTheEnum) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCodes.size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(kCodes[i].code), i) << kCodes[i].name;
    EXPECT_EQ(code_named(kCodes[i].name), kCodes[i].code);
    EXPECT_GE(kCodes[i].status, 400);
    EXPECT_TRUE(names.insert(kCodes[i].name).second) << kCodes[i].name;
  }
  EXPECT_EQ(code_named("of_a_newer_version"), Code::internal_error);
}

TEST(Problem, UnavailableHasARetryAfter) {
  EXPECT_EQ(refuse(Code::unavailable).error.retry_after_seconds, 1);
  EXPECT_FALSE(refuse(Code::not_found).error.retry_after_seconds);
}

TEST(Modes, HaveADefaultTeamSize) {
  ModeRules rules;
  rules.team_sizes = {2, 5, 1};
  EXPECT_EQ(rules.team_size_or_default(std::nullopt), 5);
  EXPECT_EQ(rules.team_size_or_default(3), 3) << "a given size is returned even if the mode does not offer it";
  rules.default_team_size = 2;
  EXPECT_EQ(rules.team_size_or_default(std::nullopt), 2);
  EXPECT_TRUE(rules.has_team_size(1));
  EXPECT_FALSE(rules.has_team_size(3));
  rules.id = ranked_mode();
  const ModeTable table({rules});
  EXPECT_NE(table.find(ranked_mode()), nullptr);
  EXPECT_EQ(table.find(*Mode::parse("other")), nullptr);
}

TEST(Subjects, NotifySubjectEndsWithThePlayerId) {
  const auto player = PlayerId::fresh(SystemClock{}.now());
  EXPECT_EQ(notify_subject(player), "notify." + player.to_string());
}

}  // namespace
}  // namespace mm
