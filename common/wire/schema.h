// JSON Schema (2020-12, the dialect of OpenAPI 3.1 and AsyncAPI 3) from the field lists of common/contracts. The same
// describe() that decodes a message produces its schema.
//
//   wire::Schemas schemas(wire::Audience::client);
//   std::string ticket = schemas.of<Ticket>();          // {"$ref":"#/components/schemas/Ticket"}
//   auto fields = schemas.properties<EnterQueue>();     // one Property per field a client may send
//   schemas.named();                                    // every struct met so far: name -> schema
//
// Schemas of structs are open, because readers of an answer must ignore unknown fields. The schema of a request body,
// which refuses unknown fields, is made by object_schema() with `closed`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/wire/codec.h"

namespace mm::wire {

/// The readers of a schema. Clients do not see Internal fields and send path and query fields separately. On the bus
/// all fields are members of one object.
enum class Audience { client, bus };

enum class Place { body, path, query };

struct Property {
  std::string name;
  std::string schema;  ///< JSON text
  bool required = false;
  Place place = Place::body;
};

/// {"type":"object","properties":…,"required":…} of the fields in the body. `closed`: other fields are refused.
std::string object_schema(const std::vector<Property>& properties, bool closed);

namespace detail {

/// The unqualified name of a type: "Ticket" for mm::Ticket.
template <class T>
constexpr std::string_view type_name() {
  std::string_view text = __PRETTY_FUNCTION__;  // … type_name() [with T = mm::Ticket; …]
  text = text.substr(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto colon = text.rfind(':');
  return colon == std::string_view::npos ? text : text.substr(colon + 1);
}

/// Builds one schema object. Keywords keep the order in which they were added.
class SchemaText {
 public:
  SchemaText& add(std::string_view keyword, std::string_view json);
  SchemaText& add_text(std::string_view keyword, std::string_view text);
  SchemaText& add_number(std::string_view keyword, double value);
  std::string take() { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string json_text(std::string_view text);
std::string enum_schema(const std::vector<std::string_view>& names);
void add_range(SchemaText& schema, const fields::InRange* range);
void add_lengths(SchemaText& schema, const fields::Length* length, const fields::Bytes* bytes,
                 const fields::Matches* matches);
void add_count(SchemaText& schema, const fields::Count* count, std::string_view min, std::string_view max);
/// The schema with one more keyword.
std::string with(std::string schema, std::string_view keyword, std::string_view json);
/// A schema that accepts what `schema` accepts, or null.
std::string or_null(const std::string& schema);

}  // namespace detail

class Schemas {
 public:
  explicit Schemas(Audience audience) : audience_(audience) {}

  /// The schema of any type that a message may contain. Structs become references into named().
  template <class T, class... Ls>
  std::string of(const Ls&... ls) {
    using namespace fields;
    detail::SchemaText schema;
    if constexpr (detail::IsOptional<T>::value) {
      return of<typename T::value_type>(ls...);
    } else if constexpr (std::is_same_v<T, bool>) {
      return schema.add_text("type", "boolean").take();
    } else if constexpr (std::is_arithmetic_v<T>) {
      schema.add_text("type", std::is_integral_v<T> ? "integer" : "number");
      detail::add_range(schema, detail::limit<InRange>(ls...));
      return schema.take();
    } else if constexpr (std::is_same_v<T, RawJson>) {
      const auto* object = detail::limit<RawObject>(ls...);
      if (object == nullptr) return schema.add_text("description", "Any JSON value").take();
      schema.add_text("type", "object");
      schema.add_text("description", "At most " + std::to_string(object->max_bytes) + " bytes as compact JSON");
      return schema.take();
    } else if constexpr (std::is_same_v<T, std::string>) {
      schema.add_text("type", "string");
      detail::add_lengths(schema, detail::limit<Length>(ls...), detail::limit<Bytes>(ls...),
                          detail::limit<Matches>(ls...));
      return schema.take();
    } else if constexpr (std::is_same_v<T, TimePoint>) {
      return schema.add_text("type", "string").add_text("format", "date-time").take();
    } else if constexpr (std::is_enum_v<T>) {
      std::vector<std::string_view> names;
      for (const auto& [value, name] : EnumText<T>::kAll) names.push_back(name);
      return detail::enum_schema(names);
    } else if constexpr (requires { typename T::mapped_type; }) {
      schema.add_text("type", "object");
      if constexpr (requires { T::key_type::kPattern; }) {
        schema.add("propertyNames", detail::SchemaText().add_text("pattern", T::key_type::kPattern).take());
      }
      schema.add("additionalProperties", of<typename T::mapped_type>(ls...));
      detail::add_count(schema, detail::limit<Count>(ls...), "minProperties", "maxProperties");
      return schema.take();
    } else if constexpr (requires(T list) { list.emplace_back(); }) {
      schema.add_text("type", "array");
      schema.add("items", of<typename T::value_type>(ls...));
      detail::add_count(schema, detail::limit<Count>(ls...), "minItems", "maxItems");
      return schema.take();
    } else if constexpr (requires { T::kPattern; }) {
      return schema.add_text("type", "string").add_text("pattern", T::kPattern).take();
    } else if constexpr (requires(const T& id) { id.uuid(); }) {
      return schema.add_text("type", "string").add_text("format", "uuid").take();
    } else {
      return reference<T>();
    }
  }

  /// The fields of a struct, in order, as this audience sends or receives them.
  template <class T>
  std::vector<Property> properties() {
    Visitor visitor{*this, {}};
    T initial{};
    describe(visitor, initial);
    return std::move(visitor.properties);
  }

  const std::map<std::string, std::string>& named() const { return named_; }

 private:
  // The visitor that is passed to describe(): one call per field.
  struct Visitor {
    Schemas& schemas;
    std::vector<Property> properties;

    template <class T, class... Ls>
    void operator()(std::string_view name, T& member, const Ls&... ls) {
      using namespace fields;
      if constexpr (detail::kHas<Internal, Ls...>) {
        if (schemas.audience_ == Audience::client) return;
      }
      Property property;
      property.name = name;
      property.schema = schemas.of<T>(ls...);
      constexpr bool nullable = detail::IsOptional<T>::value && detail::kHas<Nullable, Ls...>;
      if constexpr (nullable) property.schema = detail::or_null(property.schema);
      constexpr bool may_be_absent = detail::kHas<Optional, Ls...> || detail::kHas<MayBeAbsentIf, Ls...>;
      property.required = !may_be_absent && (!detail::IsOptional<T>::value || nullable);
      if (const auto* condition = detail::limit<MayBeAbsentIf>(ls...)) {
        property.schema = detail::with(std::move(property.schema), "description", detail::json_text(condition->when));
      }
      if constexpr (detail::kHas<Optional, Ls...> && !std::is_same_v<T, RawJson>) add_default(property, member);
      if (const auto* about = detail::limit<About>(ls...)) {
        property.schema = detail::with(std::move(property.schema), "description", detail::json_text(about->text));
      }
      if (schemas.audience_ == Audience::client) {
        if (detail::kHas<InPath, Ls...>) property.place = Place::path;
        if (detail::kHas<InQuery, Ls...>) property.place = Place::query;
      }
      properties.push_back(std::move(property));
    }

    template <class T>
    static void add_default(Property& property, const T& member) {
      const auto initial = encode(member);
      if (initial != "\"\"" && initial != "null" && initial != "[]" && initial != "{}") {
        property.schema = detail::with(std::move(property.schema), "default", initial);
      }
    }
  };

  template <class T>
  std::string reference() {
    const std::string name(detail::type_name<T>());
    if (!named_.contains(name)) {
      named_.emplace(name, "{}");  // added before the fields are read, because a type may contain itself
      named_[name] = object_schema(as_body(properties<T>()), false);
    }
    return R"({"$ref":"#/components/schemas/)" + name + "\"}";
  }

  static std::vector<Property> as_body(std::vector<Property> properties) {
    for (auto& property : properties) property.place = Place::body;
    return properties;
  }

  Audience audience_;
  std::map<std::string, std::string> named_;
};

}  // namespace mm::wire
