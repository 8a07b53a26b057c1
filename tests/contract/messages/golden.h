// Golden files: the encoded form of each message of the contract, in tests/contract/golden/<name>.json, once with all
// fields and once with only the required ones. A change that a client, a game server or a daemon of another version
// could notice fails the comparison. If the change is intended, rewrite the files and review the difference:
//
//   ninja rewrite_golden
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/wire/codec.h"
#include "tests/contract/messages/sampler.h"

namespace mm::golden {

template <class... Ts>
struct Messages {
  static constexpr std::size_t kCount = sizeof...(Ts);
};

/// "EnterQueue" of mm::EnterQueue.
template <class T>
std::string type_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // … type_name() [with T = mm::EnterQueue; …]
  text = text.substr(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.rfind(':');
  return std::string(colon == std::string_view::npos ? text : text.substr(colon + 1));
}

/// {"full":…,"least":…} of one message, one field per line.
std::string document(const std::string& full, const std::string& least);

/// Compares with the golden file, or writes it when MM_REWRITE_GOLDEN is set.
void compare(const std::string& type, const std::string& document);

template <class T>
void expect_round_trip(const std::string& text) {
  const auto read = wire::decode<T>(text, wire::Unknown::refused, {32, 100'000});
  ASSERT_TRUE(read) << type_name<T>() << " cannot be decoded from its own encoding: " << text << "\n"
                    << (read.error().errors.empty()
                            ? read.error().detail
                            : read.error().errors[0].pointer + " " + read.error().errors[0].detail);
  EXPECT_EQ(wire::encode(*read), text) << type_name<T>();
}

template <class T>
void check_message() {
  const auto full = wire::encode(Sampler::sample<T>(Extent::full));
  const auto least = wire::encode(Sampler::sample<T>(Extent::least));
  expect_round_trip<T>(full);
  expect_round_trip<T>(least);
  compare(type_name<T>(), document(full, least));
}

template <class... Ts>
void check_messages(Messages<Ts...>) {
  (check_message<Ts>(), ...);
}

template <class... Ts>
std::vector<std::string> names_of(Messages<Ts...>) {
  return {type_name<Ts>()...};
}

/// The names of the messages with a golden file, for the test that no message is missing.
std::vector<std::string> party_messages();
std::vector<std::string> event_messages();
std::vector<std::string> player_messages();

}  // namespace mm::golden
