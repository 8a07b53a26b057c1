// Tests of SettingsCheck: the message for a wrong setting has the variable, its value, the allowed values and the
// nearest allowed value.
#include "common/runtime/settings_check.h"

#include <gmock/gmock.h>

namespace mm::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Fruit { apple, cherry };

}  // namespace
}  // namespace mm::runtime

template <>
struct mm::EnumText<mm::runtime::Fruit> {
  static constexpr std::array<std::pair<mm::runtime::Fruit, std::string_view>, 2> kAll{
      {{mm::runtime::Fruit::apple, "apple"}, {mm::runtime::Fruit::cherry, "cherry"}}};
};

namespace mm::runtime {
namespace {

struct TestSettings {
  std::string url;
  int cost = 10;
  bool weak = false;
  Fruit fruit = Fruit::apple;
  std::optional<int> port;
};
template <class F>
void describe(F& f, TestSettings& w) {
  using namespace fields;
  f("MM_URL", w.url);
  f("MM_COST", w.cost, Optional{}, InRange{4, 14});
  f("MM_WEAK", w.weak, Optional{});
  f("MM_FRUIT", w.fruit, Optional{});
  f("MM_PORT", w.port, InRange{0, 65'535});
}

std::vector<std::string> problems_of(Environment environment, TestSettings& settings) {
  environment.emplace("MM_URL", "redis://h:1");
  SettingsCheck check(environment);
  describe(check, settings);
  check.refuse_unknown();
  return check.problems();
}

TEST(SettingsCheck, ReadsValidSettings) {
  TestSettings settings;
  EXPECT_THAT(
      problems_of({{"MM_COST", "4"}, {"MM_WEAK", "on"}, {"MM_FRUIT", "cherry"}, {"MM_PORT", "80"}, {"PATH", "/bin"}},
                  settings),
      IsEmpty());
  EXPECT_EQ(settings.cost, 4);
  EXPECT_TRUE(settings.weak);
  EXPECT_EQ(settings.fruit, Fruit::cherry);
  EXPECT_EQ(settings.port, 80);
}

TEST(SettingsCheck, NamesTheAllowedNumbersAndTheNearest) {
  const std::map<std::string, std::string> nearest{
      {"3", "4"}, {"15", "14"}, {"-1", "4"}, {"99999999999999999999", "14"}, {"4.5", "5"}, {"ten", ""}, {"4x", ""}};
  for (const auto& [value, near] : nearest) {
    TestSettings settings;
    const auto wanted = "MM_COST is '" + value + "'; it must be a whole number from 4 to 14" +
                        (near.empty() ? "" : "; the nearest is " + near);
    EXPECT_THAT(problems_of({{"MM_COST", value}}, settings), ElementsAre(wanted));
    EXPECT_EQ(settings.cost, 10) << "a wrong value does not change the setting";
  }
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_PORT", "70000"}}, settings),
              ElementsAre("MM_PORT is '70000'; it must be a whole number from 0 to 65535; the nearest is 65535"));
}

TEST(SettingsCheck, NamesTheAllowedWordsAndTheNearest) {
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_FRUIT", "chery"}}, settings),
              ElementsAre("MM_FRUIT is 'chery'; it must be one of apple, cherry; the nearest is cherry"));
  EXPECT_THAT(problems_of({{"MM_WEAK", "maybe"}}, settings),
              ElementsAre("MM_WEAK is 'maybe'; it must be 1 or 0, or on or off"));
  EXPECT_EQ(must_be_one_of("warn", {"debug", "warning"}), "it must be one of debug, warning; the nearest is warning");
  EXPECT_EQ(must_be_one_of("loud", {"debug", "warning"}), "it must be one of debug, warning");
}

TEST(SettingsCheck, ReportsMissingAndUnknownSettings) {
  TestSettings settings;
  EXPECT_THAT(problems_of({{"MM_CSOT", "4"}}, settings),
              ElementsAre("MM_CSOT is not a setting; did you mean MM_COST?"));
  const Environment nothing;
  SettingsCheck check(nothing);
  describe(check, settings);
  EXPECT_THAT(check.problems(), ElementsAre("MM_URL is missing"));
}

TEST(SettingsCheck, ReportsOneProblemPerVariableAndCutsALongValue) {
  const std::string value(200, 'x');
  const Environment environment{{"MM_MODES_FILE", value}};
  SettingsCheck check(environment);
  check.refuse("MM_MODES_FILE", "it cannot be read");
  check.refuse("MM_MODES_FILE", "it is too long");
  EXPECT_THAT(check.problems(), ElementsAre("MM_MODES_FILE is '" + value.substr(0, 80) + "…'; it cannot be read"));
}

}  // namespace
}  // namespace mm::runtime
