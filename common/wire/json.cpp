#include "common/wire/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace mm::json {

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::null: return "null";
    case Kind::boolean: return "boolean";
    case Kind::number: return "number";
    case Kind::string: return "string";
    case Kind::array: return "array";
    case Kind::object: return "object";
  }
  return "value";
}

// SAX handler for RapidJSON: makes the checks that RapidJSON lacks and appends the values to the array of nodes.
class DocumentBuilder {
 public:
  DocumentBuilder(Document& document, std::size_t text_size, ReadLimits limits) : document_(document), limits_(limits) {
    // A decoded string is never longer than its source, so one block holds all strings and never has to be reallocated.
    document_.characters_ = std::make_unique<char[]>(text_size + 1);
    free_ = document_.characters_.get();
  }

  bool Null() { return push(Kind::null); }
  bool Bool(bool value) {
    if (!push(Kind::boolean)) return false;
    document_.nodes_.back().truth = value;
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) { return push_text(Kind::number, text, length); }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return is_clean(text, length) && push_text(Kind::string, text, length);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) { return String(text, length, copy); }
  bool StartObject() { return open(Kind::object); }
  bool StartArray() { return open(Kind::array); }
  bool EndObject(rapidjson::SizeType members) { return close(members) && keys_differ(); }
  bool EndArray(rapidjson::SizeType elements) { return close(elements); }

  // Never called, because RapidJSON passes numbers as text (kParseNumbersAsStringsFlag).
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  const char* refusal() const { return refusal_; }

 private:
  bool refuse(const char* why) {
    refusal_ = why;
    return false;
  }

  bool push(Kind kind) {
    auto& nodes = document_.nodes_;
    if (nodes.size() >= limits_.nodes) return refuse("too many values");
    Document::Node node;
    node.kind = kind;
    node.end = static_cast<std::uint32_t>(nodes.size() + 1);
    nodes.push_back(node);
    return true;
  }

  bool push_text(Kind kind, const char* text, rapidjson::SizeType length) {
    if (!push(kind)) return false;
    std::memcpy(free_, text, length);
    document_.nodes_.back().text = free_;
    document_.nodes_.back().length = length;
    free_ += length;
    return true;
  }

  bool open(Kind kind) {
    if (open_.size() >= limits_.depth) return refuse("nested too deeply");
    open_.push_back(static_cast<std::uint32_t>(document_.nodes_.size()));
    return push(kind);
  }

  bool close(rapidjson::SizeType children) {
    closed_ = open_.back();
    open_.pop_back();
    auto& node = document_.nodes_[closed_];
    node.length = children;
    node.end = static_cast<std::uint32_t>(document_.nodes_.size());
    return true;
  }

  bool keys_differ() {
    const auto& nodes = document_.nodes_;
    keys_.clear();
    for (auto i = closed_ + 1; i < nodes[closed_].end; i = nodes[i + 1].end) {
      keys_.emplace_back(nodes[i].text, nodes[i].length);
    }
    std::sort(keys_.begin(), keys_.end());
    if (std::adjacent_find(keys_.begin(), keys_.end()) != keys_.end()) return refuse("duplicate key");
    return true;
  }

  // RapidJSON accepts \u0000 and a lone low surrogate; PostgreSQL and browsers do not.
  bool is_clean(const char* text, std::size_t length) {
    if (std::memchr(text, 0, length) != nullptr) return refuse("NUL in a string");
    for (std::size_t i = 0; i + 1 < length; ++i) {
      if (static_cast<unsigned char>(text[i]) == 0xED && static_cast<unsigned char>(text[i + 1]) >= 0xA0) {
        return refuse("lone surrogate in a string");
      }
    }
    return true;
  }

  Document& document_;
  ReadLimits limits_;
  char* free_ = nullptr;
  std::vector<std::uint32_t> open_;
  std::uint32_t closed_ = 0;
  std::vector<std::string_view> keys_;
  const char* refusal_ = nullptr;
};

Result<Document, ParseError> Document::parse(std::string_view text, ReadLimits limits) {
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(ParseError{"NUL byte", nul});
  }
  Document document;
  document.nodes_.reserve(std::min(limits.nodes, text.size() / 8 + 4));
  DocumentBuilder builder(document, text.size(), limits);
  rapidjson::Reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  constexpr auto kFlags =
      rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
  const auto outcome = reader.Parse<kFlags>(stream, builder);
  if (outcome.IsError()) {
    const char* why = builder.refusal() != nullptr ? builder.refusal() : rapidjson::GetParseError_En(outcome.Code());
    return fail(ParseError{why, outcome.Offset()});
  }
  return document;
}

Kind Value::kind() const { return document_->nodes_[index_].kind; }

bool Value::boolean() const {
  check(is(Kind::boolean), "json: boolean() of another kind");
  return document_->nodes_[index_].truth;
}

std::string_view Value::string() const {
  const auto& node = document_->nodes_[index_];
  check(node.kind == Kind::string || node.kind == Kind::number, "json: string() of another kind");
  return {node.text, node.length};
}

std::optional<std::int64_t> Value::integer() const {
  if (!is(Kind::number)) return std::nullopt;
  const auto text = string();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> Value::real() const {
  if (!is(Kind::number)) return std::nullopt;
  const auto text = string();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::size_t Value::size() const { return document_->nodes_[index_].length; }

std::uint32_t Value::next(std::uint32_t index) const { return document_->nodes_[index].end; }

std::optional<Value> Value::find(std::string_view key) const {
  if (!is(Kind::object)) return std::nullopt;
  const auto end = document_->nodes_[index_].end;
  for (auto i = index_ + 1; i < end; i = next(i + 1)) {
    if (Value(document_, i).string() == key) return Value(document_, i + 1);
  }
  return std::nullopt;
}

namespace {

void write(Writer& writer, const Value& value) {
  switch (value.kind()) {
    case Kind::null: return writer.null();
    case Kind::boolean: return writer.boolean(value.boolean());
    case Kind::number: return writer.raw(value.string());
    case Kind::string: return writer.string(value.string());
    case Kind::array:
      writer.begin_array();
      value.each_element([&](const Value& element) { write(writer, element); });
      return writer.end_array();
    case Kind::object:
      writer.begin_object();
      value.each_member([&](std::string_view key, const Value& member) {
        writer.key(key);
        write(writer, member);
      });
      return writer.end_object();
  }
}

bool is_utf8(std::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  struct Sink {
    void Put(char) {}
  } sink;
  while (stream.Tell() < text.size()) {
    if (!rapidjson::UTF8<>::Validate(stream, sink)) return false;
  }
  return true;
}

std::string repaired(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead >= 0xF0) length = 4;
    else if (lead >= 0xE0) length = 3;
    else if (lead >= 0xC0) length = 2;
    const auto piece = text.substr(i, length);
    if (piece.size() == length && is_utf8(piece)) {
      out += piece;
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

}  // namespace

bool is_clean_text(std::string_view text) { return text.find('\0') == std::string_view::npos && is_utf8(text); }

std::string Value::text() const {
  Writer writer;
  write(writer, *this);
  return writer.take();
}

struct Writer::Impl {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
};

Writer::Writer() : impl_(std::make_unique<Impl>()) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

void Writer::begin_object() { impl_->writer.StartObject(); }
void Writer::end_object() { impl_->writer.EndObject(); }
void Writer::begin_array() { impl_->writer.StartArray(); }
void Writer::end_array() { impl_->writer.EndArray(); }
void Writer::key(std::string_view name) {
  impl_->writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
}
void Writer::null() { impl_->writer.Null(); }
void Writer::boolean(bool value) { impl_->writer.Bool(value); }
void Writer::integer(std::int64_t value) { impl_->writer.Int64(value); }

void Writer::real(double value, std::optional<int> decimals) {
  if (!std::isfinite(value)) return null();
  if (decimals) {
    const double scale = std::pow(10.0, *decimals);
    if (std::abs(value) < 1e15 / scale) value = std::round(value * scale) / scale;
  }
  if (value == 0) value = 0;  // no "-0"
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  check(error == std::errc{}, "json: a double needs more than 32 characters");
  raw({text, static_cast<std::size_t>(end - text)});
}

void Writer::string(std::string_view value) {
  if (is_utf8(value)) {
    impl_->writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  } else {
    const auto clean = repaired(value);
    impl_->writer.String(clean.data(), static_cast<rapidjson::SizeType>(clean.size()));
  }
}

void Writer::raw(std::string_view json) { impl_->writer.RawValue(json.data(), json.size(), rapidjson::kNumberType); }

std::string Writer::take() {
  check(impl_->writer.IsComplete(), "json: take() of an unfinished document");
  std::string text(impl_->buffer.GetString(), impl_->buffer.GetSize());
  impl_->buffer.Clear();
  impl_->writer.Reset(impl_->buffer);
  return text;
}

}  // namespace mm::json
