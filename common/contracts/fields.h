// The vocabulary of field lists. Every message struct has one function
//
//   template <class F> void describe(F& f, Kick& m) {
//     f("party_id", m.party_id, fields::InPath{});
//     f("player_id", m.player_id);
//   }
//
// and that list alone drives decoding (with limits and the path of what is wrong), encoding, the published
// OpenAPI and AsyncAPI schemas and the golden files: they cannot drift apart.
//
// A member of type std::optional may be absent (null counts as absent), unless it is Nullable{}; with Optional{} a
// plain member may be absent and then keeps its initial value; every other member is required.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace mm::fields {

/// May be absent; the member's initial value is the published default.
struct Optional {};

/// Of a std::optional member: null is a value of its own ("a draw"), so the field stands there even when it is empty.
/// Without Optional{} an absent field is refused.
struct Nullable {};

/// Comes from the HTTP path or query string instead of the body; in NATS messages an ordinary field.
struct InPath {};
struct InQuery {};

/// Set by the gateway or a daemon, never by a client: no such field in HTTP.
struct Internal {};

/// Inclusive bounds of a number.
struct InRange {
  double min;
  double max;
};

/// Length of a string in Unicode code points, and in bytes; size of an array or map.
struct Length {
  std::size_t min;
  std::size_t max;
};
struct Bytes {
  std::size_t min;
  std::size_t max;
};
struct Count {
  std::size_t min;
  std::size_t max;
};

/// Written with at most this many decimals.
struct Decimals {
  int places;
};

/// A test a string must pass, and how to say it: `pattern` is published, `accepts` decides.
struct Matches {
  std::string_view pattern;
  bool (*accepts)(std::string_view);
};

/// No control characters but, in chat, none either: text that people see.
struct PrintableText {};

/// A sentence for the published documents.
struct About {
  std::string_view text;
};

/// A JSON value carried along unread (preferences, player_stats): the text of one valid value.
struct RawJson {
  std::string text = "{}";
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

/// The largest serialised size of a RawJson, and that it must be an object.
struct RawObject {
  std::size_t max_bytes;
};

}  // namespace mm::fields
