#include "common/wire/codec.h"

#include <cstdio>

namespace mm::wire {
namespace detail {

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) ++count;
  }
  return count;
}

bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7F) return true;
    // C1 controls are C2 80 to C2 9F.
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

// Escapes a token of a JSON pointer (RFC 6901: ~ becomes ~0 and / becomes ~1). Long keys are truncated, so that a
// hostile key cannot make the error answer large.
std::string escaped_pointer_token(std::string_view token) {
  constexpr std::size_t kLongest = 64;
  std::string out;
  for (char c : token.substr(0, kLongest)) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

void Errors::add(std::string detail) {
  if (errors_.size() < kMaxErrors) errors_.push_back({path_, std::move(detail)});
}

void Errors::add_at(std::string_view token, std::string detail) {
  Step step(*this, token);
  add(std::move(detail));
}

Errors::Step::Step(Errors& errors, std::string_view token) : errors_(errors), length_(errors.path_.size()) {
  errors_.path_ += '/';
  errors_.path_ += escaped_pointer_token(token);
}

namespace {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string range_text(std::size_t min, std::size_t max, std::string_view unit) {
  return "must have " + std::to_string(min) + " to " + std::to_string(max) + " " + std::string(unit);
}

}  // namespace

void check_text(Errors& errors, std::string_view text, const fields::Length* length, const fields::Bytes* bytes,
                const fields::Matches* matches, bool printable) {
  if (length != nullptr) {
    const auto count = code_points(text);
    if (count < length->min || count > length->max) {
      return errors.add(range_text(length->min, length->max, "characters"));
    }
  }
  if (bytes != nullptr && (text.size() < bytes->min || text.size() > bytes->max)) {
    return errors.add(range_text(bytes->min, bytes->max, "bytes"));
  }
  if (matches != nullptr && !matches->accepts(text)) {
    return errors.add("must match " + std::string(matches->pattern));
  }
  if (printable && has_control_characters(text)) errors.add("must not contain control characters");
}

bool check_number(Errors& errors, double value, const fields::InRange* range) {
  if (range == nullptr || (value >= range->min && value <= range->max)) return true;
  errors.add("must be from " + number_text(range->min) + " to " + number_text(range->max));
  return false;
}

bool check_count(Errors& errors, std::size_t count, const fields::Count* limit) {
  if (limit == nullptr || (count >= limit->min && count <= limit->max)) return true;
  errors.add(range_text(limit->min, limit->max, "entries"));
  return false;
}

}  // namespace detail

std::string Decoder::describe_kind(const json::Value& value) {
  if (value.is(json::Kind::number)) return "this number";
  return std::string(json::name_of(value.kind()));
}

void Decoder::read_raw(const json::Value& value, fields::RawJson& out, const fields::RawObject* object) {
  if (object != nullptr && !value.is(json::Kind::object)) return expected("an object", value);
  out.text = value.text();
  if (object != nullptr && out.text.size() > object->max_bytes) {
    errors_.add("must be at most " + std::to_string(object->max_bytes) + " bytes");
  }
}

Problem malformed(const json::ParseError& error) {
  Problem problem;
  problem.code = Code::malformed_request;
  problem.detail = error.detail + " at byte " + std::to_string(error.offset);
  return problem;
}

Problem invalid(std::vector<FieldError> errors) {
  Problem problem;
  problem.code = Code::invalid_fields;
  problem.detail = errors.front().pointer.empty() ? "The body " + errors.front().detail
                                                  : errors.front().pointer.substr(1) + " " + errors.front().detail;
  problem.errors = std::move(errors);
  return problem;
}

}  // namespace mm::wire
