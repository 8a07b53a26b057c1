// Options of the field lists that describe message structs. Every message struct has a function describe(), for example
//
//   template <class F> void describe(F& f, Kick& m) {
//     f("party_id", m.party_id, fields::InPath{});
//     f("player_id", m.player_id);
//   }
//
// This field list drives decoding (with limits and the path of each wrong field), encoding, the published OpenAPI and
// AsyncAPI schemas and the golden files, so they cannot disagree.
//
// Which fields are required: a member of type std::optional may be absent (null counts as absent), unless it is
// Nullable{}. A plain member with Optional{} may be absent and then keeps its initial value. Every other member is
// required.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace mm::fields {

/// The field may be absent. The member's initial value is the published default.
struct Optional {};

/// The field may be absent if `now` is true, which depends on the fields described before it. `when` says the condition
/// in the published documents, where the field is not listed as required.
struct MayBeAbsentIf {
  bool now;
  std::string_view when;
};

/// For a std::optional member: null is a value with a meaning of its own (as "a draw"), and an empty member is written
/// as null. Without Optional{} an absent field is refused.
struct Nullable {};

/// The field comes from the HTTP path or query string instead of the body. In NATS messages it is an ordinary field.
struct InPath {};
struct InQuery {};

/// The field is set by the gateway or a daemon. HTTP requests and answers do not have it.
struct Internal {};

/// Inclusive bounds of a number.
struct InRange {
  double min;
  double max;
};

/// Length of a string in Unicode code points (Length) or in bytes (Bytes), and size of an array or map (Count).
/// Inclusive.
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

/// The number is written with at most this many decimals.
struct Decimals {
  int places;
};

/// A test that a string must pass. `accepts` decides; `pattern` is the regular expression that is published for it.
struct Matches {
  std::string_view pattern;
  bool (*accepts)(std::string_view);
};

/// Text that is shown to people. All control characters are rejected, including line feeds and tabs.
struct PrintableText {};

/// A description of the field for the published documents.
struct About {
  std::string_view text;
};

/// A JSON value that is passed on without being interpreted (preferences, player_stats): the text of one valid value.
struct RawJson {
  std::string text = "{}";
  friend bool operator==(const RawJson&, const RawJson&) = default;
};

/// Requires a RawJson to be an object of at most this many bytes as compact JSON.
struct RawObject {
  std::size_t max_bytes;
};

}  // namespace mm::fields
