// A message with every kind of field and a request with HTTP fields, for the tests of the codec.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"

namespace mm {

enum class Colour { red, green };

template <>
struct EnumText<Colour> {
  static constexpr std::array<std::pair<Colour, std::string_view>, 2> kAll{{
      {Colour::red, "RED"},
      {Colour::green, "GREEN"},
  }};
};

struct Inner {
  int number = 0;
  std::optional<std::string> hidden;
  friend bool operator==(const Inner&, const Inner&) = default;
};

template <class F>
void describe(F& f, Inner& m) {
  f("number", m.number);
  f("hidden", m.hidden, fields::Internal{});
}

struct Everything {
  bool truth = false;
  int count = 0;
  std::int64_t large = 0;
  double real = 0;
  double rating = 0;
  std::string text;
  std::string name = "none";
  PlayerId player;
  Mode mode;
  Colour colour = Colour::red;
  TimePoint at;
  fields::RawJson raw;
  Inner inner;
  std::vector<Inner> list;
  std::vector<std::vector<int>> table;
  std::map<Mode, double> by_mode;
  std::optional<int> maybe;
  std::optional<int> null_or_number;
  friend bool operator==(const Everything&, const Everything&) = default;
};

template <class F>
void describe(F& f, Everything& m) {
  using namespace fields;
  f("truth", m.truth);
  f("count", m.count, InRange{0, 10});
  f("large", m.large);
  f("real", m.real);
  f("rating", m.rating, Decimals{2});
  f("text", m.text, Length{0, 5}, Bytes{0, 16}, PrintableText{});
  f("name", m.name, Optional{});
  f("player", m.player);
  f("mode", m.mode);
  f("colour", m.colour);
  f("at", m.at);
  f("raw", m.raw, RawObject{32});
  f("inner", m.inner);
  f("list", m.list, Count{0, 3});
  f("table", m.table);
  f("by_mode", m.by_mode, Count{0, 2}, InRange{0, 100});
  f("maybe", m.maybe);
  f("null_or_number", m.null_or_number, Nullable{});
}

/// A request with fields in the path, the query and the body.
struct SampleRequest {
  std::string path;
  std::optional<int> limit;
  std::optional<bool> flag;
  std::optional<std::string> cursor;
  std::optional<PlayerId> acting;
  std::optional<Inner> body;
  friend bool operator==(const SampleRequest&, const SampleRequest&) = default;
};

template <class F>
void describe(F& f, SampleRequest& m) {
  using namespace fields;
  f("path", m.path, InPath{});
  f("limit", m.limit, InQuery{}, InRange{1, 100});
  f("flag", m.flag, InQuery{});
  f("cursor", m.cursor, InQuery{}, Length{1, 8});
  f("acting", m.acting, Internal{});
  f("body", m.body);
}

}  // namespace mm
