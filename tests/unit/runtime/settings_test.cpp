// Tests of reading settings from the environment, and of the messages for wrong settings.
#include "common/runtime/settings.h"

#include <gmock/gmock.h>

namespace mm::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct TestSettings {
  std::string url;
  int cost = 10;
  bool weak = false;
  std::optional<std::string> modes_file;
};
template <class F>
void describe(F& f, TestSettings& w) {
  using namespace fields;
  f("MM_REDIS_QUEUE_URL", w.url);
  f("MM_BCRYPT_COST", w.cost, Optional{}, InRange{4, 14});
  f("MM_ALLOW_WEAK_STORES", w.weak, Optional{});
  f("MM_MODES_FILE", w.modes_file);
}

std::vector<std::string> problems_of(const Environment& environment, TestSettings& settings) {
  const auto done = read_settings(environment, settings);
  return done.ok() ? std::vector<std::string>{} : done.error().problems;
}

TEST(Settings, AreReadAndAbsentOnesKeepTheirDefaults) {
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "redis://h:1"}, {"MM_BCRYPT_COST", "4"}, {"PATH", "/bin"}}, settings),
              IsEmpty());
  EXPECT_EQ(settings.url, "redis://h:1");
  EXPECT_EQ(settings.cost, 4);
  EXPECT_FALSE(settings.weak);
  EXPECT_FALSE(settings.modes_file.has_value());
}

TEST(Settings, ReadSwitches) {
  for (const auto& [text, truth] : {std::pair{"1", true}, {"on", true}, {"true", true}, {"0", false}, {"off", false}}) {
    TestSettings settings;
    settings.weak = !truth;
    EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ALLOW_WEAK_STORES", text}}, settings), IsEmpty());
    EXPECT_EQ(settings.weak, truth) << text;
  }
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ALLOW_WEAK_STORES", "maybe"}}, settings),
              ElementsAre("MM_ALLOW_WEAK_STORES must be 1 or 0"));
}

TEST(Settings, ReportAMissingSetting) {
  TestSettings settings;
  EXPECT_THAT(problems_of({}, settings), ElementsAre("MM_REDIS_QUEUE_URL is missing"));
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", ""}}, settings), ElementsAre("MM_REDIS_QUEUE_URL is missing"));
}

TEST(Settings, ReportAValueThatDoesNotFit) {
  TestSettings settings;
  for (const char* value : {"3", "15", "ten", "4.5", "1e1", "99999999999999999999"}) {
    const auto problems = problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_BCRYPT_COST", value}}, settings);
    ASSERT_EQ(problems.size(), 1u) << value;
    EXPECT_THAT(problems[0], HasSubstr("MM_BCRYPT_COST "));
  }
}

TEST(Settings, SuggestTheNearestNameForAnUnknownSetting) {
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_BCRIPT_COST", "4"}}, settings),
              ElementsAre("MM_BCRIPT_COST is not a setting; did you mean MM_BCRYPT_COST?"));
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ZZZ", "4"}}, settings),
              ElementsAre("MM_ZZZ is not a setting"));
}

TEST(Settings, ReportAllProblemsAtOnce) {
  TestSettings settings;
  EXPECT_EQ(problems_of({{"MM_BCRYPT_COST", "99"}, {"MM_MODE_FILE", "x"}}, settings).size(), 3u);
}

TEST(Settings, AreListedWithDefaultAndRange) {
  const Environment environment;
  SettingsReader reader(environment);
  TestSettings settings;
  describe(reader, settings);
  ASSERT_EQ(reader.known().size(), 4u);
  EXPECT_TRUE(reader.known()[0].required);
  EXPECT_FALSE(reader.known()[1].required);
  EXPECT_EQ(reader.known()[1].default_json, "10");
  ASSERT_TRUE(reader.known()[1].range.has_value());
  EXPECT_EQ(reader.known()[1].range->max, 14);
}

TEST(NearestName, IsTheOneWithTheFewestTypingErrors) {
  const std::vector<std::string> known{"MM_NATS_URL", "MM_NATS_USER", "MM_LOG_LEVEL"};
  EXPECT_EQ(nearest("MM_NATS_URI", known), "MM_NATS_URL");
  EXPECT_EQ(nearest("MM_NATSUSER", known), "MM_NATS_USER");
  EXPECT_EQ(nearest("MM_LOGLEVEL", known), "MM_LOG_LEVEL");
  EXPECT_EQ(nearest("MM_SOMETHING_ELSE", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
}

}  // namespace
}  // namespace mm::runtime
