// JSON parser (into a read-only document) and writer. Only this component uses RapidJSON.
//
// The parser is strict. It refuses invalid UTF-8, NUL, lone surrogates, duplicate keys and trailing bytes. It checks
// depth and number of nodes while parsing, so deep nesting never reaches a recursive function. Numbers keep their text
// and are converted on demand without loss (std::from_chars).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/limits.h"
#include "common/base/result.h"

namespace mm::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

std::string_view name_of(Kind kind);

struct ParseError {
  /// A description for the sender, as "duplicate key" or "nested too deeply".
  std::string detail;
  /// Byte offset at which parsing stopped.
  std::size_t offset = 0;
};

struct ReadLimits {
  std::size_t depth = limits::kMaxJsonDepth;
  std::size_t nodes = limits::kMaxJsonNodes;
};

/// Whether the text is valid UTF-8 without NUL, as all strings of a parsed document are.
bool is_clean_text(std::string_view text);

class Document;

/// A reference to a value in a Document. Valid as long as the Document exists; cheap to copy.
class Value {
 public:
  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }

  bool boolean() const;                         ///< only for a boolean
  std::string_view string() const;              ///< only for a string or a number (its text)
  std::optional<std::int64_t> integer() const;  ///< only for a number; empty if it has a fraction or exponent or does
                                                ///< not fit
  std::optional<double> real() const;           ///< only for a number; empty if it is not finite

  std::size_t size() const;                               ///< elements of an array, members of an object
  std::optional<Value> find(std::string_view key) const;  ///< only for an object

  /// Calls `visit(key, value)` for each member of an object, or `visit(value)` for each element of an array.
  template <class Visit>
  void each_member(Visit visit) const;
  template <class Visit>
  void each_element(Visit visit) const;

  /// This value as compact JSON text.
  std::string text() const;

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  std::uint32_t next(std::uint32_t index) const;

  const Document* document_;
  std::uint32_t index_;
};

/// A parsed document: one array of nodes and one block of characters. Immutable, movable.
class Document {
 public:
  static Result<Document, ParseError> parse(std::string_view text, ReadLimits limits = {});

  Value root() const { return {this, 0}; }

 private:
  friend class Value;
  friend class DocumentBuilder;

  struct Node {
    const char* text = nullptr;  // of a string or a number
    std::uint32_t length = 0;    // bytes of the text, or number of members or elements
    std::uint32_t end = 0;       // index of the first node after this subtree
    Kind kind = Kind::null;
    bool truth = false;
  };

  std::vector<Node> nodes_;
  std::unique_ptr<char[]> characters_;
};

/// Writes compact JSON. The calls must nest correctly. `take` returns the finished text.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view name);
  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  /// Writes the shortest text that reads back equal, with `decimals` after rounding to that many. NaN and infinities:
  /// null.
  void real(double value, std::optional<int> decimals = std::nullopt);
  /// Bytes that are not UTF-8 are replaced by U+FFFD, so the output is always valid.
  void string(std::string_view value);
  /// Writes text that is one valid JSON value already.
  void raw(std::string_view json);

  std::string take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

template <class Visit>
void Value::each_member(Visit visit) const {
  const auto end = document_->nodes_[index_].end;
  for (auto i = index_ + 1; i < end; i = next(i + 1)) {
    visit(Value(document_, i).string(), Value(document_, i + 1));
  }
}

template <class Visit>
void Value::each_element(Visit visit) const {
  const auto end = document_->nodes_[index_].end;
  for (auto i = index_ + 1; i < end; i = next(i)) visit(Value(document_, i));
}

}  // namespace mm::json
