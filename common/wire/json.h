// JSON text <-> a read-only document and a writer. RapidJSON lives behind this header only.
//
// The reader is strict: UTF-8 checked, no NUL, no lone surrogates, no duplicate keys, no trailing bytes, depth
// and node count limited while parsing (so hostile nesting never reaches a recursive function). Numbers keep
// their text and are converted on demand, exactly (std::from_chars).
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
  /// What is wrong, for the sender: "duplicate key", "nested deeper than 32", …
  std::string detail;
  /// Byte offset at which reading stopped.
  std::size_t offset = 0;
};

struct ReadLimits {
  std::size_t depth = limits::kJsonDepth;
  std::size_t nodes = limits::kJsonNodes;
};

/// Valid UTF-8 without NUL: what a string of a parsed document always is.
bool is_clean_text(std::string_view text);

class Document;

/// A place in a Document; valid as long as the Document lives. Copy freely.
class Value {
 public:
  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }

  bool boolean() const;               ///< of a boolean
  std::string_view string() const;    ///< of a string, or the text of a number
  std::optional<std::int64_t> integer() const;  ///< of a number without fraction or exponent that fits
  std::optional<double> real() const;           ///< of a finite number

  std::size_t size() const;           ///< elements of an array, members of an object
  std::optional<Value> find(std::string_view key) const;  ///< of an object

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

/// A parsed document: one flat array of nodes and one block of characters. Immutable, movable.
class Document {
 public:
  static Result<Document, ParseError> parse(std::string_view text, ReadLimits limits = {});

  Value root() const { return {this, 0}; }

 private:
  friend class Value;
  friend class TapeBuilder;

  struct Node {
    const char* text = nullptr;  // string, or text of a number
    std::uint32_t length = 0;    // bytes of text; or number of members or elements
    std::uint32_t end = 0;       // index one past this subtree
    Kind kind = Kind::null;
    bool truth = false;
  };

  std::vector<Node> nodes_;
  std::unique_ptr<char[]> characters_;
};

/// Writes compact JSON. Calls must nest correctly; `take` ends it.
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
  /// Shortest text that reads back equal; with `decimals`, rounded to that many first. NaN and infinities: null.
  void real(double value, std::optional<int> decimals = std::nullopt);
  /// Bytes that are no UTF-8 are replaced by U+FFFD: what we write is always valid.
  void string(std::string_view value);
  /// Text that is already one valid JSON value.
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
