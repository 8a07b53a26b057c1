// Settings from an environment: what is read, and the sentences for what is wrong.
#include "common/runtime/settings.h"

#include <gmock/gmock.h>

namespace mm::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Wishes {
  std::string url;
  int cost = 10;
  bool weak = false;
  std::optional<std::string> modes_file;
};
template <class F>
void describe(F& f, Wishes& w) {
  using namespace fields;
  f("MM_REDIS_QUEUE_URL", w.url);
  f("MM_BCRYPT_COST", w.cost, Optional{}, InRange{4, 14});
  f("MM_ALLOW_WEAK_STORES", w.weak, Optional{});
  f("MM_MODES_FILE", w.modes_file);
}

std::vector<std::string> problems_of(const Environment& environment, Wishes& wishes) {
  const auto done = read_settings(environment, wishes);
  return done.ok() ? std::vector<std::string>{} : done.error().problems;
}

TEST(Settings, AreReadAndTheOthersKeepTheirDefaults) {
  Wishes wishes;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "redis://h:1"}, {"MM_BCRYPT_COST", "4"}, {"PATH", "/bin"}}, wishes),
              IsEmpty());
  EXPECT_EQ(wishes.url, "redis://h:1");
  EXPECT_EQ(wishes.cost, 4);
  EXPECT_FALSE(wishes.weak);
  EXPECT_FALSE(wishes.modes_file.has_value());
}

TEST(Settings, ReadSwitches) {
  for (const auto& [text, truth] : {std::pair{"1", true}, {"on", true}, {"true", true}, {"0", false}, {"off", false}}) {
    Wishes wishes;
    wishes.weak = !truth;
    EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ALLOW_WEAK_STORES", text}}, wishes), IsEmpty());
    EXPECT_EQ(wishes.weak, truth) << text;
  }
  Wishes wishes;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ALLOW_WEAK_STORES", "maybe"}}, wishes),
              ElementsAre("MM_ALLOW_WEAK_STORES must be 1 or 0"));
}

TEST(Settings, SayWhichOneIsMissing) {
  Wishes wishes;
  EXPECT_THAT(problems_of({}, wishes), ElementsAre("MM_REDIS_QUEUE_URL is missing"));
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", ""}}, wishes), ElementsAre("MM_REDIS_QUEUE_URL is missing"));
}

TEST(Settings, SayWhichValueDoesNotFit) {
  Wishes wishes;
  for (const char* value : {"3", "15", "ten", "4.5", "1e1", "99999999999999999999"}) {
    const auto problems = problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_BCRYPT_COST", value}}, wishes);
    ASSERT_EQ(problems.size(), 1u) << value;
    EXPECT_THAT(problems[0], HasSubstr("MM_BCRYPT_COST "));
  }
}

TEST(Settings, NameTheNearestForAnUnknownOne) {
  Wishes wishes;
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_BCRIPT_COST", "4"}}, wishes),
              ElementsAre("MM_BCRIPT_COST is not a setting; did you mean MM_BCRYPT_COST?"));
  EXPECT_THAT(problems_of({{"MM_REDIS_QUEUE_URL", "x"}, {"MM_ZZZ", "4"}}, wishes),
              ElementsAre("MM_ZZZ is not a setting"));
}

TEST(Settings, TellEverythingThatIsWrongAtOnce) {
  Wishes wishes;
  EXPECT_EQ(problems_of({{"MM_BCRYPT_COST", "99"}, {"MM_MODE_FILE", "x"}}, wishes).size(), 3u);
}

TEST(Settings, AreListedWithDefaultAndRange) {
  const Environment environment;
  SettingsReader reader(environment);
  Wishes wishes;
  describe(reader, wishes);
  ASSERT_EQ(reader.known().size(), 4u);
  EXPECT_TRUE(reader.known()[0].required);
  EXPECT_FALSE(reader.known()[1].required);
  EXPECT_EQ(reader.known()[1].otherwise, "10");
  ASSERT_TRUE(reader.known()[1].range.has_value());
  EXPECT_EQ(reader.known()[1].range->max, 14);
}

TEST(NearestName, IsTheOneWithTheFewestSlips) {
  const std::vector<std::string> known{"MM_NATS_URL", "MM_NATS_USER", "MM_LOG_LEVEL"};
  EXPECT_EQ(nearest("MM_NATS_URI", known), "MM_NATS_URL");
  EXPECT_EQ(nearest("MM_NATSUSER", known), "MM_NATS_USER");
  EXPECT_EQ(nearest("MM_LOGLEVEL", known), "MM_LOG_LEVEL");
  EXPECT_EQ(nearest("MM_SOMETHING_ELSE", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
}

}  // namespace
}  // namespace mm::runtime
