#include "tests/chaos/checker/input/lines.h"

#include <charconv>
#include <cmath>
#include <fstream>

#include "common/wire/time_text.h"

namespace mm::chaos {
namespace {

constexpr json::ReadLimits kLimits{.depth = 64, .nodes = 4'000'000};

std::optional<std::int64_t> number_at(std::string_view text, std::size_t from) {
  if (from + 2 > text.size()) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + from, text.data() + from + 2, value);
  return error == std::errc{} && end == text.data() + from + 2 ? std::optional(value) : std::nullopt;
}

/// Minutes of `Z`, `+01`, `-05:30`.
std::optional<std::int64_t> offset_minutes(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto hours = number_at(text, 1);
  const auto minutes = text.size() > 3 ? number_at(text, text[3] == ':' ? 4 : 3) : std::optional<std::int64_t>(0);
  if (!hours || !minutes) return std::nullopt;
  return (text[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  if (text.size() < 20) return std::nullopt;
  const auto zone = text.find_first_of("Z+-", 19);
  if (zone == std::string_view::npos) return std::nullopt;
  const auto offset = offset_minutes(text.substr(zone));
  std::string utc(text.substr(0, std::min<std::size_t>(zone, 29)));
  if (!offset || utc.size() < 19) return std::nullopt;
  utc[10] = 'T';
  const auto time = wire::parse_time(utc + "Z");
  if (!time) return std::nullopt;
  return time->time_since_epoch().count() - *offset * 60'000;
}

std::int64_t hundredths(double points) { return std::llround(points * 100); }

void Object::Line::fail(std::string_view field, std::string_view what) {
  if (error) return;
  error = ReadError{run.files[at.file] + ":" + std::to_string(at.line) + ": " + std::string(field) + ": " +
                    std::string(what)};
}

std::optional<json::Value> Object::find(std::string_view name) const {
  auto found = value_.find(name);
  if (found && found->is(json::Kind::null)) return std::nullopt;
  return found;
}

std::optional<std::string_view> text_of(const json::Value& value) {
  if (!value.is(json::Kind::string) && !value.is(json::Kind::number)) return std::nullopt;
  return value.string();
}

Symbol Object::symbol(std::string_view name) const {
  const auto found = find(name);
  if (!found) return {};
  const auto text = text_of(*found);
  if (!text) line_.fail(name, "must be a string");
  return line_.run.symbols.of(text.value_or(""));
}

Symbol Object::needed(std::string_view name) const {
  const auto found = symbol(name);
  if (!found) line_.fail(name, "is missing");
  return found;
}

std::int64_t Object::integer(std::string_view name, std::int64_t absent) const {
  const auto found = find(name);
  if (!found) return absent;
  std::int64_t value = absent;
  // Redis has only texts, so a number may be written as a string.
  const auto text = text_of(*found);
  if (text && text->empty()) return absent;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
    line_.fail(name, "must be an integer");
  }
  return value;
}

double Object::real(std::string_view name, double absent) const {
  const auto found = find(name);
  if (!found) return absent;
  double value = absent;
  const auto text = text_of(*found);
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
    line_.fail(name, "must be a number");
  }
  return value;
}

bool Object::boolean(std::string_view name) const {
  const auto found = find(name);
  if (!found) return false;
  if (!found->is(json::Kind::boolean)) {
    line_.fail(name, "must be true or false");
    return false;
  }
  return found->boolean();
}

std::int64_t Object::time_ms(std::string_view name) const {
  const auto found = find(name);
  if (!found) return -1;
  const auto time = found->is(json::Kind::string) ? parse_timestamp(found->string()) : std::nullopt;
  if (!time) line_.fail(name, "must be a time");
  return time.value_or(-1);
}

std::vector<Symbol> Object::symbols(std::string_view name) const {
  std::vector<Symbol> list;
  const auto found = find(name);
  if (!found) return list;
  if (!found->is(json::Kind::array)) {
    line_.fail(name, "must be an array");
    return list;
  }
  found->each_element([&](const json::Value& element) {
    const auto text = text_of(element);
    if (!text) return line_.fail(name, "must be an array of strings");
    list.push_back(line_.run.symbols.of(*text));
  });
  return list;
}

bool with_embedded(const json::Value& value, const std::function<void(json::Value)>& use) {
  if (!value.is(json::Kind::string)) {
    use(value);
    return true;
  }
  const auto document = json::Document::parse(value.string(), kLimits);
  if (!document) return false;
  use(document->root());
  return true;
}

std::uint32_t add_file(Run& run, const std::string& name) {
  run.files.push_back(name);
  return static_cast<std::uint32_t>(run.files.size() - 1);
}

std::optional<ReadError> read_lines(Run& run, const std::string& name, LastLine last,
                                    const std::function<void(const Object&)>& use) {
  std::ifstream file(run.folder + "/" + name, std::ios::binary);
  if (!file) return ReadError{name + ":0: cannot be opened"};
  std::optional<ReadError> error;
  Object::Line line{run, {add_file(run, name), 0, 0}, error};
  std::uint64_t next = 0;
  for (std::string text; std::getline(file, text);) {
    const bool cut = file.eof();
    ++line.at.line;
    line.at.offset = next;
    next += text.size() + 1;
    if (cut && last == LastLine::may_be_cut) {
      ++run.cut_lines;
      break;
    }
    if (text.empty()) continue;
    const auto document = json::Document::parse(text, kLimits);
    if (!document) {
      line.fail("byte " + std::to_string(document.error().offset), document.error().detail);
    } else if (!document->root().is(json::Kind::object)) {
      line.fail("line", "must be an object");
    } else {
      use(Object(document->root(), line));
    }
    if (error) return error;
  }
  return std::nullopt;
}

}  // namespace mm::chaos
