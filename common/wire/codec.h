// Conversion between message structs and JSON, driven by their field lists (common/contracts/fields.h).
//
//   std::string text = wire::encode(party);
//   auto kick = wire::decode<Kick>(body, wire::Unknown::ignored);        // NATS: Reply<Kick>
//   auto kick = wire::decode_http<Kick>({body, path, query});            // HTTP: strict, names the field
//
// A failed decode returns a Problem: malformed_request (400) if the text is not JSON, otherwise invalid_fields (422)
// with one entry per wrong field.
#pragma once

#include <cmath>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/wire/json.h"
#include "common/wire/time_text.h"

namespace mm::wire {

enum class Unknown { refused, ignored };

/// Where the fields of an HTTP request come from. Values are percent-decoded.
struct HttpParts {
  std::string_view body;  ///< empty counts as {}
  std::vector<std::pair<std::string, std::string>> path;
  std::vector<std::pair<std::string, std::string>> query;
};

namespace detail {

template <class L, class... Ls>
constexpr bool kHas = (std::is_same_v<L, Ls> || ...);

template <class L, class... Ls>
const L* limit([[maybe_unused]] const Ls&... ls) {
  const L* found = nullptr;
  ((std::is_same_v<L, Ls> ? void(found = reinterpret_cast<const L*>(&ls)) : void()), ...);
  return found;
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

std::size_t code_points(std::string_view text);
bool has_control_characters(std::string_view text);
std::string escaped_pointer_token(std::string_view token);

/// The part of decoding that does not depend on types: the path of the current field and the errors so far.
class Errors {
 public:
  static constexpr std::size_t kMaxErrors = 16;

  void add(std::string detail);
  void add_at(std::string_view token, std::string detail);
  bool none() const { return errors_.empty(); }
  std::vector<FieldError> take() { return std::move(errors_); }

  class Step {
   public:
    Step(Errors& errors, std::string_view token);
    ~Step() { errors_.path_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Errors& errors_;
    std::size_t length_;
  };

 private:
  std::string path_;
  std::vector<FieldError> errors_;
};

void check_text(Errors& errors, std::string_view text, const fields::Length* length, const fields::Bytes* bytes,
                const fields::Matches* matches, bool printable);
bool check_number(Errors& errors, double value, const fields::InRange* range);
bool check_count(Errors& errors, std::size_t count, const fields::Count* limit);

}  // namespace detail

class Decoder {
 public:
  Decoder(detail::Errors& errors, Unknown unknown) : errors_(errors), unknown_(unknown) {}

  /// Reads a struct with a field list from a JSON object.
  template <class T>
  void read_struct(const json::Value& value, T& out) {
    if (!value.is(json::Kind::object)) return expected("an object", value);
    Members members(*this, value, nullptr);
    describe(members, out);
    members.refuse_unknown();
  }

  /// Reads a struct from the body, path and query of an HTTP request.
  template <class T>
  void read_http(const json::Value& body, const HttpParts& parts, T& out) {
    if (!body.is(json::Kind::object)) return expected("an object", body);
    from_client_ = true;
    Members members(*this, body, &parts);
    describe(members, out);
    members.refuse_unknown();
  }

  template <class T, class... Ls>
  void read(const json::Value& value, T& out, const Ls&... ls) {
    using namespace fields;
    if constexpr (detail::IsOptional<T>::value) {
      if (value.is(json::Kind::null)) return out.reset();
      read(value, out.emplace(), ls...);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!value.is(json::Kind::boolean)) return expected("true or false", value);
      out = value.boolean();
    } else if constexpr (std::is_integral_v<T>) {
      const auto integer = value.integer();
      if (!integer || !std::in_range<T>(*integer)) return expected("an integer", value);
      if (detail::check_number(errors_, static_cast<double>(*integer), detail::limit<InRange>(ls...))) {
        out = static_cast<T>(*integer);
      }
    } else if constexpr (std::is_floating_point_v<T>) {
      const auto real = value.real();
      if (!real) return expected("a number", value);
      if (detail::check_number(errors_, *real, detail::limit<InRange>(ls...))) out = *real;
    } else if constexpr (std::is_same_v<T, RawJson>) {
      read_raw(value, out, detail::limit<RawObject>(ls...));
    } else if constexpr (requires { out.emplace_back(); }) {
      if constexpr (std::is_same_v<T, std::string>) {
      } else {
        read_array(value, out, ls...);
      }
    } else if constexpr (requires { typename T::mapped_type; }) {
      read_map(value, out, ls...);
    } else if constexpr (requires { describe(*this, out); }) {
      read_struct(value, out);
    } else {
      if (!value.is(json::Kind::string)) return expected("a string", value);
      read_text(value.string(), out, ls...);
    }
  }

  /// Reads a value that is written as text: strings, ids, names, times, enums; from a query string also numbers.
  template <class T, class... Ls>
  void read_text(std::string_view text, T& out, const Ls&... ls) {
    using namespace fields;
    if constexpr (detail::IsOptional<T>::value) {
      read_text(text, out.emplace(), ls...);
    } else if constexpr (std::is_same_v<T, std::string>) {
      detail::check_text(errors_, text, detail::limit<Length>(ls...), detail::limit<Bytes>(ls...),
                         detail::limit<Matches>(ls...), detail::kHas<PrintableText, Ls...>);
      out.assign(text);
    } else if constexpr (std::is_same_v<T, TimePoint>) {
      assign(parse_time(text), out, "must be an RFC 3339 time in UTC");
    } else if constexpr (std::is_enum_v<T>) {
      assign(enum_named<T>(text), out, enum_expectation<T>());
    } else if constexpr (std::is_same_v<T, bool> || std::is_arithmetic_v<T>) {
      const auto document = json::Document::parse(text);
      if (!document) return errors_.add(std::is_same_v<T, bool> ? "must be true or false" : "must be a number");
      read(document->root(), out, ls...);
    } else if constexpr (requires { T::kPattern; }) {
      assign(T::parse(text), out, "must match " + std::string(T::kPattern));
    } else if constexpr (requires { T::parse(text); }) {
      assign(T::parse(text), out, "must be a UUID in lower case with hyphens");
    } else {
      errors_.add("cannot be sent in a path or query string");
    }
  }

 private:
  // The visitor that is passed to describe(): one call per field.
  class Members {
   public:
    Members(Decoder& decoder, const json::Value& object, const HttpParts* http)
        : decoder_(decoder), object_(object), http_(http) {}

    template <class T, class... Ls>
    void operator()(std::string_view name, T& member, const Ls&... ls) {
      if constexpr (detail::kHas<fields::InPath, Ls...> || detail::kHas<fields::InQuery, Ls...>) {
        if (http_ != nullptr) return read_part(name, member, ls...);
      }
      if constexpr (detail::kHas<fields::Internal, Ls...>) {
        if (decoder_.from_client_) return;
      }
      known_.push_back(name);
      detail::Errors::Step step(decoder_.errors_, name);
      const auto value = object_.find(name);
      const auto* condition = detail::limit<fields::MayBeAbsentIf>(ls...);
      const bool may_be_absent = kMayBeAbsent<T, Ls...> || (condition != nullptr && condition->now);
      if (value && !(value->is(json::Kind::null) && may_be_absent)) {
        decoder_.read(*value, member, ls...);
      } else if (!may_be_absent) {
        decoder_.errors_.add("is missing");
      }
    }

    void refuse_unknown() {
      if (decoder_.unknown_ == Unknown::ignored) return;
      object_.each_member([&](std::string_view key, const json::Value&) {
        if (!contains(known_, key)) decoder_.errors_.add_at(key, "is not a known field");
      });
      if (http_ == nullptr) return;
      for (const auto& [key, value] : http_->query) {
        if (!contains(known_query_, key)) decoder_.errors_.add_at(key, "is not a known query parameter");
      }
    }

   private:
    template <class T, class... Ls>
    static constexpr bool kMayBeAbsent = (detail::IsOptional<T>::value && !detail::kHas<fields::Nullable, Ls...>) ||
                                         detail::kHas<fields::Optional, Ls...>;

    template <class T, class... Ls>
    void read_part(std::string_view name, T& member, const Ls&... ls) {
      const bool in_path = detail::kHas<fields::InPath, Ls...>;
      detail::Errors::Step step(decoder_.errors_, name);
      if (!in_path) known_query_.push_back(name);
      const std::string* found = nullptr;
      for (const auto& [key, value] : in_path ? http_->path : http_->query) {
        if (key != name) continue;
        if (found != nullptr) return decoder_.errors_.add("is given twice");
        found = &value;
      }
      if (found != nullptr) {
        // For strings in JSON the parser has checked this already.
        if (!json::is_clean_text(*found)) return decoder_.errors_.add("must be UTF-8 without NUL");
        decoder_.read_text(*found, member, ls...);
      } else if (!kMayBeAbsent<T, Ls...>) {
        decoder_.errors_.add("is missing");
      }
    }

    static bool contains(const std::vector<std::string_view>& names, std::string_view name) {
      for (auto known : names) {
        if (known == name) return true;
      }
      return false;
    }

    Decoder& decoder_;
    const json::Value& object_;
    const HttpParts* http_;
    std::vector<std::string_view> known_;
    std::vector<std::string_view> known_query_;
  };

  void expected(std::string_view what, const json::Value& value) {
    errors_.add("must be " + std::string(what) + ", not " + describe_kind(value));
  }
  static std::string describe_kind(const json::Value& value);
  void read_raw(const json::Value& value, fields::RawJson& out, const fields::RawObject* object);

  template <class T, class U>
  void assign(std::optional<T>&& parsed, U& out, std::string_view otherwise) {
    if (parsed) {
      out = std::move(*parsed);
    } else {
      errors_.add(std::string(otherwise));
    }
  }

  template <class E>
  static std::string enum_expectation() {
    std::string text = "must be one of";
    for (const auto& [value, name] : EnumText<E>::kAll) text += " " + std::string(name);
    return text;
  }

  template <class T, class... Ls>
  void read_array(const json::Value& value, T& out, const Ls&... ls) {
    if (!value.is(json::Kind::array)) return expected("an array", value);
    if (!detail::check_count(errors_, value.size(), detail::limit<fields::Count>(ls...))) return;
    out.clear();
    out.reserve(value.size());
    value.each_element([&](const json::Value& element) {
      detail::Errors::Step step(errors_, std::to_string(out.size()));
      read(element, out.emplace_back(), ls...);
    });
  }

  template <class T, class... Ls>
  void read_map(const json::Value& value, T& out, const Ls&... ls) {
    if (!value.is(json::Kind::object)) return expected("an object", value);
    if (!detail::check_count(errors_, value.size(), detail::limit<fields::Count>(ls...))) return;
    out.clear();
    value.each_member([&](std::string_view key, const json::Value& member) {
      detail::Errors::Step step(errors_, key);
      typename T::key_type name{};
      typename T::mapped_type mapped{};
      read_text(key, name);
      read(member, mapped, ls...);
      out.insert_or_assign(std::move(name), std::move(mapped));
    });
  }

  detail::Errors& errors_;
  Unknown unknown_;
  bool from_client_ = false;
};

class Encoder {
 public:
  explicit Encoder(json::Writer& writer) : writer_(writer) {}

  /// The visitor call for one field. An absent std::optional is left out, or written as null if it is Nullable.
  template <class T, class... Ls>
  void operator()(std::string_view name, const T& member, const Ls&... ls) {
    if constexpr (detail::IsOptional<T>::value && !detail::kHas<fields::Nullable, Ls...>) {
      if (!member) return;
    }
    writer_.key(name);
    write(member, ls...);
  }

  template <class T>
  void write_struct(const T& value) {
    writer_.begin_object();
    // The field list takes a mutable struct because it also serves decoding. Encoding does not change the struct.
    describe(*this, const_cast<T&>(value));
    writer_.end_object();
  }

  template <class T, class... Ls>
  void write(const T& value, const Ls&... ls) {
    if constexpr (detail::IsOptional<T>::value) {
      value ? write(*value, ls...) : writer_.null();
    } else if constexpr (std::is_same_v<T, bool>) {
      writer_.boolean(value);
    } else if constexpr (std::is_integral_v<T>) {
      writer_.integer(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      const auto* decimals = detail::limit<fields::Decimals>(ls...);
      writer_.real(value, decimals != nullptr ? std::optional(decimals->places) : std::nullopt);
    } else if constexpr (std::is_same_v<T, std::string>) {
      writer_.string(value);
    } else if constexpr (std::is_same_v<T, fields::RawJson>) {
      writer_.raw(value.text);
    } else if constexpr (std::is_same_v<T, TimePoint>) {
      writer_.string(format_time(value));
    } else if constexpr (std::is_enum_v<T>) {
      writer_.string(text_of(value));
    } else if constexpr (requires { typename T::mapped_type; }) {
      writer_.begin_object();
      for (const auto& [key, mapped] : value) {
        writer_.key(key_text(key));
        write(mapped, ls...);
      }
      writer_.end_object();
    } else if constexpr (requires { value.begin(); }) {
      writer_.begin_array();
      for (const auto& element : value) write(element, ls...);
      writer_.end_array();
    } else if constexpr (requires { value.str(); }) {
      writer_.string(value.str());
    } else if constexpr (requires { value.uuid(); }) {
      writer_.string(value.to_string());
    } else {
      write_struct(value);
    }
  }

 private:
  template <class K>
  static std::string key_text(const K& key) {
    if constexpr (requires { key.str(); }) {
      return key.str();
    } else if constexpr (requires { key.uuid(); }) {
      return key.to_string();
    } else {
      return std::string(key);
    }
  }

  json::Writer& writer_;
};

template <class T>
std::string encode(const T& value) {
  json::Writer writer;
  Encoder(writer).write(value);
  return writer.take();
}

Problem malformed(const json::ParseError& error);
Problem invalid(std::vector<FieldError> errors);

template <class T>
Reply<T> decode(const json::Value& value, Unknown unknown) {
  detail::Errors errors;
  T out{};
  Decoder(errors, unknown).read(value, out);
  if (!errors.none()) return fail(invalid(errors.take()));
  return out;
}

template <class T>
Reply<T> decode(std::string_view text, Unknown unknown, json::ReadLimits limits = {}) {
  const auto document = json::Document::parse(text.empty() ? "{}" : text, limits);
  if (!document) return fail(malformed(document.error()));
  return decode<T>(document->root(), unknown);
}

/// Decodes body, path and query of an HTTP request. Unknown fields are refused. `body` is the parsed form of
/// parts.body.
template <class T>
Reply<T> decode_http(const json::Document& body, const HttpParts& parts) {
  detail::Errors errors;
  T out{};
  Decoder(errors, Unknown::refused).read_http(body.root(), parts, out);
  if (!errors.none()) return fail(invalid(errors.take()));
  return out;
}

template <class T>
Reply<T> decode_http(const HttpParts& parts) {
  const auto document = json::Document::parse(parts.body.empty() ? "{}" : parts.body);
  if (!document) return fail(malformed(document.error()));
  return decode_http<T>(*document, parts);
}

}  // namespace mm::wire
