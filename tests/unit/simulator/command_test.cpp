// Tests of the command line of mm-sim: which subcommand is run, and how its options are parsed.
#include <gtest/gtest.h>

#include "services/simulator/commands/command.h"
#include "services/simulator/commands/options.h"

namespace mm::simulator {
namespace {

std::vector<std::string> g_received;

int store_words(Words words) {
  g_received.assign(words.begin(), words.end());
  return 7;
}

constexpr Command kCommands[] = {{"listen", "stores its arguments", store_words}};

const OptionTable kTable{"listen",
                         "[options] file …",
                         {{"--seed", "NUMBER", "seed of the random numbers"},
                          {"--rules", "FILE", "may be given more than once"},
                          {"--quick", "", "a shorter run"}}};

Options parsed(std::vector<std::string_view> words) {
  auto options = Options::parse(kTable, words);
  EXPECT_TRUE(options.ok()) << (options.ok() ? "" : options.error());
  return options.ok() ? *options : Options{};
}

std::string error_of(std::vector<std::string_view> words) {
  const auto options = Options::parse(kTable, words);
  return options.ok() ? "none" : options.error();
}

TEST(Dispatch, RunsTheNamedCommandWithTheOtherArguments) {
  const std::vector<std::string_view> words{"listen", "--seed", "3"};
  EXPECT_EQ(dispatch(kCommands, words), 7);
  EXPECT_EQ(g_received, (std::vector<std::string>{"--seed", "3"}));
}

TEST(Dispatch, RefusesUnknownCommands) {
  EXPECT_EQ(dispatch(kCommands, std::vector<std::string_view>{"lisen"}), kExitUsage);
  EXPECT_EQ(dispatch(kCommands, {}), kExitUsage);
  EXPECT_EQ(dispatch(kCommands, std::vector<std::string_view>{"--help"}), kExitFine);
}

TEST(Options, ParsesValuesFlagsAndOtherArguments) {
  const Options options = parsed({"a.toml", "--seed", "42", "--rules=x,y", "--quick", "--rules", "z", "b.toml"});
  EXPECT_EQ(*options.whole("--seed", 1, 0, 100), 42);
  EXPECT_EQ(options.list("--rules"), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_TRUE(options.has("--quick"));
  EXPECT_EQ(options.rest(), (std::vector<std::string>{"a.toml", "b.toml"}));
}

TEST(Options, ReturnsTheDefaultOfAnAbsentOption) {
  const Options options = parsed({});
  EXPECT_EQ(*options.whole("--seed", 5, 0, 100), 5);
  EXPECT_EQ(options.text("--rules", "shipped"), "shipped");
  EXPECT_FALSE(options.has("--quick"));
}

TEST(Options, RefusesValuesThatAreOutOfRangeOrNotNumbers) {
  EXPECT_FALSE(parsed({"--seed", "101"}).whole("--seed", 1, 0, 100).ok());
  EXPECT_FALSE(parsed({"--seed", "3x"}).whole("--seed", 1, 0, 100).ok());
  EXPECT_FALSE(parsed({"--seed", "nan"}).number("--seed", 1, 0, 100).ok());
}

TEST(Options, ReportsMisspelledOptionsAndWrongValues) {
  EXPECT_NE(error_of({"--sed", "1"}).find("did you mean --seed?"), std::string::npos);
  EXPECT_NE(error_of({"--seed"}).find("takes a value"), std::string::npos);
  EXPECT_NE(error_of({"--quick=1"}).find("takes no value"), std::string::npos);
}

}  // namespace
}  // namespace mm::simulator
