#include "common/wire/schema.h"

#include <cmath>

namespace mm::wire {
namespace detail {

std::string json_text(std::string_view text) {
  json::Writer writer;
  writer.string(text);
  return writer.take();
}

SchemaText& SchemaText::add(std::string_view keyword, std::string_view json) {
  if (text_.size() > 1) text_ += ',';
  text_ += json_text(keyword);
  text_ += ':';
  text_ += json;
  return *this;
}

SchemaText& SchemaText::add_text(std::string_view keyword, std::string_view text) {
  return add(keyword, json_text(text));
}

SchemaText& SchemaText::add_number(std::string_view keyword, double value) {
  json::Writer writer;
  if (value == std::floor(value) && std::abs(value) < 9e15) {
    writer.integer(static_cast<std::int64_t>(value));
  } else {
    writer.real(value);
  }
  return add(keyword, writer.take());
}

std::string enum_schema(const std::vector<std::string_view>& names) {
  std::string list = "[";
  for (const auto name : names) {
    if (list.size() > 1) list += ',';
    list += json_text(name);
  }
  return SchemaText().add_text("type", "string").add("enum", list + "]").take();
}

void add_range(SchemaText& schema, const fields::InRange* range) {
  if (range == nullptr) return;
  schema.add_number("minimum", range->min);
  schema.add_number("maximum", range->max);
}

// JSON Schema has no keyword for a limit in bytes. A string of n bytes has at most n and at least n / 4 characters.
void add_lengths(SchemaText& schema, const fields::Length* length, const fields::Bytes* bytes,
                 const fields::Matches* matches) {
  if (length != nullptr) {
    schema.add_number("minLength", static_cast<double>(length->min));
    schema.add_number("maxLength", static_cast<double>(length->max));
  } else if (bytes != nullptr) {
    schema.add_number("minLength", static_cast<double>((bytes->min + 3) / 4));
    schema.add_number("maxLength", static_cast<double>(bytes->max));
    schema.add_text("description",
                    std::to_string(bytes->min) + " to " + std::to_string(bytes->max) + " bytes in UTF-8");
  }
  if (matches != nullptr) schema.add_text("pattern", matches->pattern);
}

void add_count(SchemaText& schema, const fields::Count* count, std::string_view min, std::string_view max) {
  if (count == nullptr) return;
  schema.add_number(min, static_cast<double>(count->min));
  schema.add_number(max, static_cast<double>(count->max));
}

std::string with(std::string schema, std::string_view keyword, std::string_view json) {
  const bool empty = schema == "{}";
  schema.pop_back();
  return schema + (empty ? "" : ",") + json_text(keyword) + ":" + std::string(json) + "}";
}

std::string or_null(const std::string& schema) { return R"({"anyOf":[)" + schema + R"(,{"type":"null"}]})"; }

}  // namespace detail

std::string object_schema(const std::vector<Property>& properties, bool closed) {
  std::string members = "{";
  std::string required = "[";
  for (const auto& property : properties) {
    if (property.place != Place::body) continue;
    if (members.size() > 1) members += ',';
    members += detail::json_text(property.name) + ":" + property.schema;
    if (!property.required) continue;
    if (required.size() > 1) required += ',';
    required += detail::json_text(property.name);
  }
  detail::SchemaText schema;
  schema.add_text("type", "object").add("properties", members + "}");
  if (required.size() > 1) schema.add("required", required + "]");
  if (closed) schema.add("additionalProperties", "false");
  return schema.take();
}

}  // namespace mm::wire
